"""AsyncSSH or paramiko for the benchmark: requests as lines of JSON on stdin, one answer a line on stdout.

python3 python-peer.py asyncssh|paramiko
"""

import asyncio
import inspect
import itertools
import json
import logging
import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor

CHUNK = 1 << 20


def streamed(count):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"bytes": count, "peakMiB": peak / (1024 if sys.platform == "linux" else 1 << 20)}


def chunks(count):
    zeros = bytes(CHUNK)
    return (zeros[: min(CHUNK, count - sent)] for sent in range(0, count, CHUNK))


class AsyncSsh:
    async def open(self, target):
        import asyncssh

        return await asyncssh.connect(
            target["host"],
            target["port"],
            username=target["username"],
            client_keys=[target["privateKeyPath"]],
            known_hosts=target["knownHostsPath"],
            agent_path=None,
            config=[],
        )

    def close(self, connection):
        connection.close()

    async def run(self, connection, command, count, at_once):
        left = iter(range(count))

        async def lane():
            for _ in left:
                await connection.run(command)

        await asyncio.gather(*(lane() for _ in range(at_once)))

    async def put(self, connection, local, remote):
        await (await connection.start_sftp_client()).put(local, remote)

    async def get(self, connection, remote, local):
        await (await connection.start_sftp_client()).get(remote, local)

    async def put_folder(self, connection, local, remote):
        await (await connection.start_sftp_client()).put(local, remote, recurse=True)

    async def get_folder(self, connection, remote, local):
        await (await connection.start_sftp_client()).get(remote, local, recurse=True)

    async def read_output(self, connection, command):
        process = await connection.create_process(command, encoding=None)
        count = 0
        while data := await process.stdout.read(CHUNK):
            count += len(data)
        await process.wait()
        return count

    async def write_input(self, connection, command, count):
        process = await connection.create_process(command, encoding=None)
        for chunk in chunks(count):
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.write_eof()
        return int((await process.wait()).stdout)


class Paramiko:
    def open(self, target):
        import paramiko

        client = paramiko.SSHClient()
        kind, key = target["hostPublicKey"].split(" ")
        name = "[%s]:%d" % (target["host"], target["port"])
        entry = paramiko.hostkeys.HostKeyEntry.from_line("%s %s %s" % (name, kind, key))
        client.get_host_keys().add(name, kind, entry.key)
        client.connect(
            target["host"],
            target["port"],
            username=target["username"],
            key_filename=target["privateKeyPath"],
            allow_agent=False,
            look_for_keys=False,
        )
        return client

    def close(self, client):
        client.close()

    def run(self, client, command, count, at_once):
        def once(_):
            _stdin, stdout, _stderr = client.exec_command(command)
            stdout.read()
            stdout.channel.recv_exit_status()

        at_a_time(once, range(count), at_once)

    def put(self, client, local, remote):
        client.open_sftp().put(local, remote)

    def get(self, client, remote, local):
        client.open_sftp().get(remote, local)

    # It has no operation for folders, and hangs if threads share an SFTP session: this is what a user of it would
    # write.
    def put_folder(self, client, local, remote):
        sftp = client.open_sftp()
        sftp.mkdir(remote)
        for name in os.listdir(local):
            sftp.put("%s/%s" % (local, name), "%s/%s" % (remote, name))

    def get_folder(self, client, remote, local):
        sftp = client.open_sftp()
        os.mkdir(local)
        for name in sftp.listdir(remote):
            sftp.get("%s/%s" % (remote, name), "%s/%s" % (local, name))

    def read_output(self, client, command):
        _stdin, stdout, _stderr = client.exec_command(command)
        count = 0
        while data := stdout.channel.recv(CHUNK):
            count += len(data)
        stdout.channel.recv_exit_status()
        return count

    def write_input(self, client, command, count):
        stdin, stdout, _stderr = client.exec_command(command)
        for chunk in chunks(count):
            stdin.channel.sendall(chunk)
        stdin.channel.shutdown_write()
        return int(stdout.read())


def at_a_time(work, items, at_once):
    if at_once == 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(work, items):
            pass


async def main(peer):
    connections = {}
    handles = itertools.count()

    async def call(name, *args):
        result = getattr(peer, name)(*args)
        return await result if inspect.isawaitable(result) else result

    async def answer(op, target, args):
        if op == "close":
            return await call("close", connections.pop(target))
        if op in ("read_output", "write_input"):
            connection = await call("open", target)
            count = await call(op, connection, *args)
            await call("close", connection)
            return streamed(count)
        if op == "run":
            return await call("run", connections[target], *args)
        # The others open a connection, and leave it to the caller to close it.
        connection = await call("open", target)
        handle = next(handles)
        connections[handle] = connection
        if op == "connect_and_run":
            await call("run", connection, "true", 1, 1)
        elif op != "open_exec":
            await call(op, connection, *args)
        return handle

    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            reply = {"value": await answer(request["op"], request["target"], request["args"])}
        except Exception as error:
            reply = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(reply), flush=True)


logging.disable()
asyncio.run(main({"asyncssh": AsyncSsh, "paramiko": Paramiko}[sys.argv[1]]()))
