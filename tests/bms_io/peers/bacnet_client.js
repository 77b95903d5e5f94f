// Reads, commands, takes back and subscribes, as a foreign BACnet/IP client does.
// node bacnet_client.js HOST PORT OWN_PORT ANALOG_INPUT ANALOG_VALUE WANTED REFUSED
const Client = require('@bacnet-js/client').default;

const [host, port, own, input, value, wanted, refused] = process.argv.slice(2);
const receiver = { address: `${host}:${port}` };
const client = new Client({ port: Number(own), interface: host, apduTimeout: 3000 });
const PRESENT = 85;
const FLAGS = 111;
const REAL = 4;
const NULL = 0;
const sensor = { type: 0, instance: Number(input) };
const setpoint = { type: 2, instance: Number(value) };

const one = async (object) =>
  (await client.readProperty(receiver, object, PRESENT)).values[0].value;

const command = (type, number) =>
  client.writeProperty(receiver, setpoint, PRESENT, [{ type, value: number }], {
    priority: 10,
  });

function notified() {
  return new Promise((resolve) => {
    const take = (message) => {
      const values = message.payload.values;
      const news = values.find((v) => v.property.id === PRESENT);
      resolve(news.value[0].value);
    };
    client.on('covNotifyUnconfirmed', take);
  });
}

async function run() {
  const seen = { read: await one(sensor) };
  const multiple = await client.readPropertyMultiple(receiver, [
    { objectId: sensor, properties: [{ id: PRESENT }, { id: FLAGS }] },
    { objectId: setpoint, properties: [{ id: PRESENT }] },
  ]);
  seen.multiple = multiple.values.map((v) => v.values[0].value[0].value);
  seen.default = await one(setpoint);
  await command(REAL, Number(wanted));
  seen.commanded = await one(setpoint);
  try {
    await command(REAL, Number(refused));
    seen.refusal = '';
  } catch (error) {
    seen.refusal = String(error.message);
  }
  await command(NULL, null);
  seen.relinquished = await one(setpoint);
  const news = notified();
  await client.subscribeCov(receiver, sensor, 1, false, false, 60);
  seen.notified = await news;
  process.stdout.write(JSON.stringify(seen));
}

run()
  .then(() => process.exit(0))
  .catch((error) => {
    process.stderr.write(String(error.stack));
    process.exit(1);
  });
