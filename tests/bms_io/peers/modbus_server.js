// A foreign Modbus TCP device with one memory per table; prints its port when it listens,
// ends when its standard input closes.
// node modbus_server.js HOST PORT MEMORY   (JSON: {"input": {"0": 17}, "discrete": ...})
const { ServerTCP } = require('modbus-serial');

const [host, port, memory] = process.argv.slice(2);
const tables = { coil: {}, discrete: {}, input: {}, holding: {}, ...JSON.parse(memory) };

const look = (table) => async (address) => {
  if (!(address in tables[table])) throw { modbusErrorCode: 2 };
  return tables[table][address];
};
const keep = (table) => async (address, value) => {
  if (!(address in tables[table])) throw { modbusErrorCode: 2 };
  tables[table][address] = value;
};

const server = new ServerTCP(
  {
    getInputRegister: look('input'),
    getHoldingRegister: look('holding'),
    getCoil: look('coil'),
    getDiscreteInput: look('discrete'),
    setRegister: keep('holding'),
    setCoil: keep('coil'),
  },
  { host, port: Number(port), unitID: 1 },
);
server.on('initialized', () => console.log(port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
