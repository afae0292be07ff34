"""What Airflow's SSHHook makes of connections.

Reads a JSON list of connections from one file and writes a list of answers to another: the arguments for paramiko,
and how host keys are judged. Run with a Python that has apache-airflow-providers-ssh:

    python hook_answers.py ../config/airflow/connections.json ../config/airflow/hook-answers.json
"""

import json
import sys
from unittest import mock

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from airflow.providers.ssh.hooks import ssh
from airflow.sdk import Connection


class Client(paramiko.SSHClient):
    """Notes what it is told and connects to nothing."""

    def __init__(self):
        super().__init__()
        self.known_hosts_loaded = False
        self.connected_with = {}

    def load_system_host_keys(self, filename=None):
        self.known_hosts_loaded = True

    def load_host_keys(self, filename):
        self.known_hosts_loaded = True

    def connect(self, **arguments):
        self.connected_with = arguments

    def get_transport(self):
        return mock.MagicMock()


def judged(hook, client):
    policy = client._policy if isinstance(client._policy, type) else type(client._policy)
    if hook.host_key is not None:
        return f"only {hook.host_key.get_name()} {hook.host_key.get_base64()}"
    if policy is paramiko.RejectPolicy:
        return "known only"
    return "known, unknown accepted" if client.known_hosts_loaded else "anything"


def answer(fields):
    connection = Connection(conn_id="c", conn_type="ssh", **fields)
    with mock.patch.object(ssh.SSHHook, "get_connection", return_value=connection), mock.patch.object(
        ssh.paramiko, "SSHClient", Client
    ), mock.patch.object(ssh.os.path, "isfile", lambda path: path.endswith("known_hosts")):
        try:
            hook = ssh.SSHHook(ssh_conn_id="c")
            client = hook.get_conn()
        except Exception as error:
            return {"error": type(error).__name__}
    arguments = client.connected_with
    return {
        "host": arguments["hostname"],
        "port": arguments["port"],
        "username": arguments["username"],
        "password": arguments.get("password"),
        "key_file": arguments.get("key_filename"),
        "private_key": arguments["pkey"].get_name() if "pkey" in arguments else None,
        "conn_timeout": arguments["timeout"],
        "compress": arguments["compress"],
        "look_for_keys": arguments["look_for_keys"],
        "disabled_algorithms": arguments.get("disabled_algorithms"),
        "ciphers": hook.ciphers,
        "host_keys": judged(hook, client),
    }


def pem(key, lock):
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    return json.dumps(key.private_bytes(encoding, form, lock).decode())[1:-1]


PLAIN = pem(ed25519.Ed25519PrivateKey.generate(), serialization.NoEncryption())
LOCKED = pem(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"secret"))

source, target = sys.argv[1:]
with open(source) as file:
    connections = json.load(file)
for fields in connections:
    if "extra" in fields:
        fields["extra"] = fields["extra"].replace("PLAIN_KEY", PLAIN).replace("LOCKED_KEY", LOCKED)
with open(target, "w") as file:
    json.dump([answer(fields) for fields in connections], file, indent=1)
    file.write("\n")
