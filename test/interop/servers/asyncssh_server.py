"""An AsyncSSH server with commands, files and forwards; prints its port. Arguments: host key, authorized keys, folder, password."""

import asyncio
import sys

import asyncssh


class Server(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return password == sys.argv[4]

    def connection_requested(self, *where):
        return True


async def copy(source, target):
    while data := await source.read(32768):
        target.write(data)
        await target.drain()


async def command(process):
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_shell(process.command, stdin=pipe, stdout=pipe, stderr=pipe)

    async def feed():
        try:
            await copy(process.stdin, child.stdin)
            child.stdin.close()
        except (OSError, asyncssh.Error):
            pass

    feeding = asyncio.create_task(feed())
    await asyncio.gather(copy(child.stdout, process.stdout), copy(child.stderr, process.stderr))
    process.exit(await child.wait())
    await feeding


async def main(host_key, authorized_keys, folder, _password):
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[host_key],
        authorized_client_keys=authorized_keys,
        process_factory=command,
        encoding=None,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=folder.encode()),
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.wait_closed()


asyncio.run(main(*sys.argv[1:]))
