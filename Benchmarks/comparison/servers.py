"""What is measured: Perpetua, its peers, and the floor, each started on free ports of loopback."""

import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def free_port():
    """A free port below those the system gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class NotListening(Exception):
    """A server that did not start."""


def until_listening(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NotListening(f"nothing listens on 127.0.0.1:{port} after {seconds} s.")


def confine(pid, cores):
    """Confines every thread of a process to these cores; threads it starts later inherit that."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            os.sched_setaffinity(int(thread), cores)
        except ProcessLookupError:
            pass  # The process has ended meanwhile.


class Server:
    """Something under test: its processes, its ports, what it speaks."""

    # The path of perpetua-bench.
    bench = None

    def __init__(self, name, dialect, folder):
        self.name, self.dialect, self.folder = name, dialect, folder
        self.ports, self.pids, self.processes, self.arguments = [], [], [], []
        # Processes that work for it but are not measured, such as a broker.
        self.helpers = []

    def spawn(self, *command, counts=True, env=None):
        log = open(self.folder / f"{self.name.replace(' ', '-')}.log", "a")
        process = subprocess.Popen(
            [str(word) for word in command], stdout=log, stderr=log, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **(env or {})})
        self.processes.append(process)
        (self.pids if counts else self.helpers).append(process.pid)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def measure_apart(self, scenario, **options):
        """As measure, with the measured processes on the first core and all else on the others."""
        everywhere = os.sched_getaffinity(0)
        first = {min(everywhere)}
        try:
            for pid in self.pids:
                confine(pid, first)
            for pid in (*self.helpers, os.getpid()):
                confine(pid, everywhere - first)
            return self.measure(scenario, **options)
        finally:
            for pid in (*self.pids, *self.helpers, os.getpid()):
                confine(pid, everywhere)

    def measure(self, scenario, **options):
        # A work that takes this long has lost messages.
        options = {"limit": 40, **options}
        command = [self.bench, scenario, "--dialect", self.dialect, "--json", *self.arguments]
        for port in self.ports:
            command += ["--port", port]
        for pid in self.pids:
            command += ["--pid", pid]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), value]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if not done.stdout.strip():
            return {"error": done.stderr.strip().removeprefix("Error: ")[:200] or f"exit code {done.returncode}"}
        result = json.loads(done.stdout)
        if done.returncode:
            result["error"] = "lost {lost}, repeated {repeated}, out of order {disordered}, foreign {foreign}".format(**result)
        return result


def floor(folder, program, joined):
    server = Server("floor, joined writes" if joined else "floor", "floor", folder)
    port = free_port()
    server.ports = [port]
    server.spawn(program, port, *(["joined"] if joined else []))
    until_listening(port)
    return server


def perpetua(folder, binaries, name="Perpetua"):
    server = Server(name, "onebot", folder)
    shared, api = free_port(), free_port()
    server.ports = [shared]
    server.spawn(
        binaries / "perpetua",
        env={
            "PERPETUA_EDGE_SHARED_PORT": str(shared), "PERPETUA_API_PORT": str(api),
            "PERPETUA_REGISTRY_DATABASE": str(folder / "perpetua.sqlite"), "PERPETUA_LOG_LEVEL": "warning"})
    until_listening(shared)
    return server


def rabbitmq(home, plugins=(), lines=()):
    """Starts a broker there. Returns its address and its process."""
    script = ROOT / "scripts/rabbitmq.sh"
    url = subprocess.run([script, "start", home], check=True, capture_output=True, text=True).stdout.strip()
    STOPPERS.append(lambda: subprocess.run([script, "stop", home], capture_output=True))
    if plugins:
        with open(home / "rabbitmq.conf", "a") as file:
            file.writelines(line + "\n" for line in lines)
        (home / "enabled_plugins").write_text("[" + ",".join(plugins) + "].")
        subprocess.run([script, "restart", home], check=True, capture_output=True)
    return url, int((home / "node.pid").read_text())


def perpetua_over_rabbitmq(folder, binaries, edges, broker, name="Perpetua"):
    """- broker: its address and its process."""
    address, pid = broker
    server = Server(f"{name} over RabbitMQ, {edges} edge" + ("s" if edges > 1 else ""), "onebot", folder)
    common = {
        "PERPETUA_BUS": "amqp", "PERPETUA_AMQP_URL": address, "PERPETUA_AMQP_PREFIX": f"bench{next(PREFIXES)}",
        "PERPETUA_LOG_LEVEL": "warning", "PERPETUA_REGISTRY_DATABASE": str(folder / f"registry{edges}.sqlite")}
    server.helpers.append(pid)
    server.spawn(binaries / "registry", counts=False, env={**common, "PERPETUA_HEALTH_PORT": str(free_port())})
    for number in range(edges):
        port = free_port()
        server.ports.append(port)
        server.spawn(
            binaries / "ws-edge",
            env={
                **common, "PERPETUA_EDGE_SHARED_PORT": str(port), "PERPETUA_EDGE_ID": f"e{number + 1}",
                "PERPETUA_HEALTH_PORT": str(free_port())})
    for port in server.ports:
        until_listening(port)
    time.sleep(2)
    return server


def nats(folder):
    if not shutil.which("nats-server"):
        return None
    server = Server("NATS", "nats", folder)
    client, web = free_port(), free_port()
    (folder / "nats.conf").write_text(
        f'listen: "127.0.0.1:{client}"\nwebsocket {{ listen: "127.0.0.1:{web}", no_tls: true }}\n'
        "max_pending: 1GB\nwrite_deadline: \"60s\"\n")
    server.ports = [web]
    server.spawn("nats-server", "-c", folder / "nats.conf")
    until_listening(web)
    return server


def mosquitto(folder):
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not os.path.exists(program):
        return None
    server = Server("mosquitto", "mqtt", folder)
    port = free_port()
    (folder / "mosquitto.conf").write_text(
        # With WebSocket listeners alone, mosquitto reports that it could start none.
        f"listener {free_port()} 127.0.0.1\nlistener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
        "max_queued_messages 0\n")
    server.ports = [port]
    server.spawn(program, "-c", folder / "mosquitto.conf")
    until_listening(port)
    return server


def web_stomp(folder):
    if not os.path.exists("/usr/lib/rabbitmq/bin/rabbitmq-server"):
        return None
    port = free_port()
    home = folder / "stomp"
    _, pid = rabbitmq(
        home, ["rabbitmq_web_stomp"],
        ["web_stomp.tcp.ip = 127.0.0.1", f"web_stomp.tcp.port = {port}", "stomp.listeners.tcp = none"])
    server = Server("RabbitMQ Web-STOMP", "stomp", folder)
    server.ports = [port]
    server.arguments = ["--bot-path", "/ws", "--client-path", "/ws"]
    server.pids = [pid]
    until_listening(port)
    return server


# What else is to be stopped at the end.
STOPPERS = []
# Several servers may use one broker.
PREFIXES = itertools.count(1)
