"""An AsyncSSH server that lets everybody in without asking; prints its port. Arguments: host key, folder to serve."""

import asyncio
import sys

import asyncssh


class Open(asyncssh.SSHServer):
    def begin_auth(self, username):
        return False


async def main(host_key, folder):
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Open,
        server_host_keys=[host_key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=folder.encode()),
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.wait_closed()


asyncio.run(main(*sys.argv[1:]))
