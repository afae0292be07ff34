"""Twisted's server for the users of this machine; prints its port. Arguments: host key, authorized keys, user, password."""

import sys

from twisted.conch.checkers import InMemorySSHKeyDB, SSHPublicKeyChecker
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import Key
from twisted.conch.unix import UnixConchUser
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor



class Home(str):
    """What Twisted 22 has as a string, and reads as an object with a path."""

    path = property(str)


class User(UnixConchUser):
    def getHomeDir(self):
        return Home(super().getHomeDir())


class Realm:
    """Twisted 22 looks up its users by bytes, which Python 3 does not."""

    def requestAvatar(self, username, mind, *interfaces):
        user = User(username.decode())
        return IConchUser, user, user.logout


host_key, authorized_keys, user, password = sys.argv[1:]
name = user.encode()
factory = SSHFactory()
key = Key.fromFile(host_key)
factory.privateKeys = {key.sshType(): key}
factory.publicKeys = {key.sshType(): key.public()}
factory.portal = Portal(
    Realm(),
    [
        InMemoryUsernamePasswordDatabaseDontUse(**{user: password.encode()}),
        SSHPublicKeyChecker(InMemorySSHKeyDB({name: [Key.fromFile(authorized_keys)]})),
    ],
)
print(reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port, flush=True)
reactor.run()
