// The life of a Zigbee network in the hands of zigbee-herdsman: start, form, back up, let a device
// join, switch it, stop, resume, move to another channel, let it go.
//
//   node client.mjs PATH DIRECTORY      PATH: the port of the stick; DIRECTORY: for its memory
//
// Each step is one JSON line {"step": …}; the next begins when a line arrives on standard input.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [path, directory] = process.argv.slice(2);
const { Controller, setLogger } = createRequire(join(process.cwd(), "package.json"))("zigbee-herdsman");
const DEADLINE_MS = 20000;
const CHANNELS = { first: 11, second: 20 };

const quiet = () => {};
const complain = (text) => process.stderr.write(`${typeof text === "function" ? text() : text}\n`);
setLogger({ debug: quiet, info: quiet, warning: complain, error: complain });

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function tell(step, about = {}) {
    process.stdout.write(`${JSON.stringify({ step, ...about })}\n`);
    if ((await lines.next()).done) process.exit(2);
}

function controller(channel) {
    return new Controller({
        network: {
            panID: 0x1a62,
            extendedPanID: [0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd],
            networkKey: [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13],
            channelList: [channel],
        },
        transport: { path, adapter: "ember", baudRate: 115200, rtscts: false },
        databasePath: join(directory, "database.db"),
        databaseBackupPath: join(directory, "database.db.backup"),
        backupPath: join(directory, "coordinator_backup.json"),
        adapter: { disableLED: false },
        acceptJoiningDeviceHandler: async () => true,
    });
}

function happens(emitter, event, fits) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${event} in time`)), DEADLINE_MS);
        const listen = (data) => {
            if (!fits(data)) return;
            clearTimeout(timer);
            emitter.off(event, listen);
            resolve(data);
        };
        emitter.on(event, listen);
    });
}

async function start(channel) {
    const hub = controller(channel);
    hub.on("adapterDisconnected", () => {
        complain("the stick was lost");
        process.exit(3);
    });
    return [hub, await hub.start()];
}

async function pair(hub) {
    const interviewed = happens(hub, "deviceInterview", (data) => data.status !== "started");
    await hub.permitJoin(60);
    const { device, status } = await interviewed;
    await hub.permitJoin(0);
    return { device, status };
}

async function switchTo(hub, endpoint, on) {
    const reported = happens(
        hub, "message",
        (data) => data.type === "attributeReport" && data.cluster === "genOnOff" && data.data.onOff === Number(on),
    );
    await endpoint.command("genOnOff", on ? "on" : "off", {}, { disableDefaultResponse: false });
    await reported;
}

async function firstLife() {
    const [hub, result] = await start(CHANNELS.first);
    const version = await hub.getCoordinatorVersion();
    await tell("started", { result, ezsp: version.meta.ezsp, network: await hub.getNetworkParameters() });
    await hub.backup();
    await tell("backed_up");
    const { device, status } = await pair(hub);
    await tell("joined", { status, ieee: device.ieeeAddr, model: device.modelID, maker: device.manufacturerName });
    const endpoint = device.getEndpoint(1);
    await endpoint.bind("genOnOff", hub.getDevicesByType("Coordinator")[0].getEndpoint(1));
    await endpoint.configureReporting("genOnOff", [
        { attribute: "onOff", minimumReportInterval: 0, maximumReportInterval: 600, reportableChange: 0 },
    ]);
    await switchTo(hub, endpoint, true);
    await tell("switched");
    await hub.stop();
    await tell("stopped");
}

async function secondLife() {
    const [hub, result] = await start(CHANNELS.first);
    const [device] = [...hub.getDevicesIterator((one) => one.type !== "Coordinator")];
    await tell("resumed", { result, ieee: device.ieeeAddr });
    await switchTo(hub, device.getEndpoint(1), false);
    await tell("switched_again");
    await hub.stop();
}

async function thirdLife() {
    const [hub, result] = await start(CHANNELS.second);
    const { channel } = await hub.getNetworkParameters();
    await tell("moved", { result, channel });
    const [device] = [...hub.getDevicesIterator((one) => one.type !== "Coordinator")];
    await device.removeFromNetwork();
    await tell("removed");
    await hub.stop();
}

await firstLife();
await secondLife();
await thirdLife();
await tell("done");
process.exit(0);
