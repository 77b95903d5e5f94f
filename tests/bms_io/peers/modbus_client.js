// Reads, writes and is refused, as a foreign Modbus client does.
// node modbus_client.js HOST PORT INPUT ORDER HOLDING WANTED REFUSED
const ModbusRTU = require('modbus-serial');

const [host, port, input, order, holding, wanted, refused] = process.argv.slice(2);
const place = [...order].map((letter) => letter.charCodeAt(0) - 65);

// place[i]: which byte of the number travels at position i
const unpack = (bytes) => {
  const number = Buffer.alloc(4);
  place.forEach((to, from) => { number[to] = bytes[from]; });
  return number.readFloatBE();
};

const pack = (value) => {
  const number = Buffer.alloc(4);
  number.writeFloatBE(value);
  return Buffer.from(place.map((from) => number[from]));
};

const main = async () => {
  const client = new ModbusRTU();
  await client.connectTCP(host, { port: Number(port) });
  client.setID(1);
  client.setTimeout(10000);
  const read = unpack((await client.readInputRegisters(Number(input), 2)).buffer);
  await client.writeRegisters(Number(holding), pack(Number(wanted)));
  const back = unpack((await client.readHoldingRegisters(Number(holding), 2)).buffer);
  const code = await client
    .writeRegisters(Number(holding), pack(Number(refused)))
    .then(() => 0, (error) => error.modbusCode);
  console.log(JSON.stringify({ read, back, refused: code }));
  client.close(() => process.exit(0));
};

main().catch((error) => { console.error(error); process.exit(1); });
