"""A paramiko server with commands, files and forwards; prints its port. Arguments: host key, authorized keys, folder, password."""

import os
import socket
import subprocess
import sys
import threading

import paramiko

host_key, authorized_keys, folder, password = sys.argv[1:]
client_key = open(authorized_keys).read().split()[1]


def in_thread(work, *values):
    threading.Thread(target=work, args=values, daemon=True).start()


def copy(read, write, end):
    try:
        while data := read(32768):
            write(data)
    except OSError:
        pass
    finally:
        try:
            end()
        except OSError:
            pass


def command(channel, text):
    pipe = subprocess.PIPE
    child = subprocess.Popen(["/bin/sh", "-c", text], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
    in_thread(copy, channel.recv, child.stdin.write, child.stdin.close)
    error = threading.Thread(target=copy, args=(child.stderr.read, channel.sendall_stderr, lambda: None))
    error.start()
    copy(child.stdout.read, channel.sendall, lambda: None)
    error.join()
    channel.send_exit_status(child.wait())
    channel.close()


class Server(paramiko.ServerInterface):
    def __init__(self, transport):
        self.transport = transport

    def get_allowed_auths(self, username):
        return "password,publickey"

    def check_auth_password(self, username, given):
        return paramiko.AUTH_SUCCESSFUL if given == password else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() == client_key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, channel):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, text):
        in_thread(command, channel, text)
        return True

    def check_channel_direct_tcpip_request(self, channel, origin, target):
        def forward():
            while not (chosen := self.transport._channels.get(channel)):
                pass
            there = socket.create_connection(target)
            in_thread(copy, chosen.recv, there.sendall, lambda: there.shutdown(socket.SHUT_WR))
            copy(there.recv, chosen.sendall, chosen.close)

        in_thread(forward)
        return paramiko.OPEN_SUCCEEDED


class Handle(paramiko.SFTPHandle):
    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def chattr(self, attributes):
        return Files.change(self.filename, attributes)


class Files(paramiko.SFTPServerInterface):
    """As the sample of paramiko's documentation: no renaming over a file, errors by errno."""

    def at(self, path):
        return folder + self.canonicalize(path)

    def attempt(self, work, *values):
        try:
            found = work(*values)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return paramiko.SFTP_OK if found is None else found

    @staticmethod
    def change(path, attributes):
        paramiko.SFTPServer.set_file_attr(path, attributes)
        return paramiko.SFTP_OK

    def list_folder(self, path):
        def entries():
            found = []
            for name in os.listdir(self.at(path)):
                attributes = paramiko.SFTPAttributes.from_stat(os.lstat(os.path.join(self.at(path), name)))
                attributes.filename = name
                found.append(attributes)
            return found

        return self.attempt(entries)

    def stat(self, path):
        return self.attempt(lambda: paramiko.SFTPAttributes.from_stat(os.stat(self.at(path))))

    def lstat(self, path):
        return self.attempt(lambda: paramiko.SFTPAttributes.from_stat(os.lstat(self.at(path))))

    def open(self, path, flags, attributes):
        def opened():
            descriptor = os.open(self.at(path), flags, getattr(attributes, "st_mode", None) or 0o666)
            mode = "rb" if flags & 3 == os.O_RDONLY else ("wb" if flags & 3 == os.O_WRONLY else "r+b")
            handle = Handle(flags)
            handle.filename = self.at(path)
            handle.readfile = handle.writefile = os.fdopen(descriptor, mode, buffering=0)
            return handle

        return self.attempt(opened)

    def remove(self, path):
        return self.attempt(os.remove, self.at(path))

    def rename(self, old, new):
        if os.path.exists(self.at(new)):
            return paramiko.SFTP_FAILURE
        return self.attempt(os.rename, self.at(old), self.at(new))

    def posix_rename(self, old, new):
        return self.attempt(os.replace, self.at(old), self.at(new))

    def mkdir(self, path, attributes):
        return self.attempt(os.mkdir, self.at(path))

    def rmdir(self, path):
        return self.attempt(os.rmdir, self.at(path))

    def chattr(self, path, attributes):
        return self.attempt(self.change, self.at(path), attributes)

    def symlink(self, target, path):
        return self.attempt(os.symlink, target, self.at(path))

    def readlink(self, path):
        return self.attempt(os.readlink, self.at(path))


def serve(client):
    transport = paramiko.Transport(client)
    transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(host_key))
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
    try:
        transport.start_server(server=Server(transport))
    except (OSError, EOFError, paramiko.SSHException):
        transport.close()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    in_thread(serve, listener.accept()[0])
