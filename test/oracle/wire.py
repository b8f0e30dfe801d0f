"""The little of PostgreSQL's frontend/backend protocol (version 3.0) that it
takes to send any bytes as a binary parameter, over a socket in a directory."""

import os
import pwd
import socket
import struct


class ServerError(Exception):
    def __init__(self, fields):
        super().__init__('%s: %s' % (fields.get('C'), fields.get('M')))
        self.sqlstate = fields.get('C')
        self.detail = fields.get('D')


class Connection:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect('%s/.s.PGSQL.%s' % (os.environ['PGHOST'],
                                                os.environ.get('PGPORT', '5432')))
        self.buffer = b''
        settings = {'user': os.environ.get('PGUSER') or
                    pwd.getpwuid(os.getuid()).pw_name,
                    'database': os.environ.get('PGDATABASE', 'postgres'),
                    'client_encoding': 'UTF8'}
        body = struct.pack('!i', 196608) + b''.join(
            k.encode() + b'\0' + v.encode() + b'\0'
            for k, v in settings.items()) + b'\0'
        self.socket.sendall(struct.pack('!i', len(body) + 4) + body)
        self.until_ready()

    def send(self, *messages):
        self.socket.sendall(b''.join(
            kind + struct.pack('!i', len(body) + 4) + body
            for kind, body in messages))

    def take(self, n):
        while len(self.buffer) < n:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError('the server closed the connection')
            self.buffer += data
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def until_ready(self):
        """The rows, as lists of bytes or None; raises the error, if any."""
        rows = []
        error = None
        while True:
            kind, length = struct.unpack('!ci', self.take(5))
            body = self.take(length - 4)
            if kind == b'D':
                row = []
                at = 2
                for _ in range(struct.unpack_from('!h', body)[0]):
                    n = struct.unpack_from('!i', body, at)[0]
                    at += 4
                    row.append(None if n < 0 else body[at:at + n])
                    at += max(n, 0)
                rows.append(row)
            elif kind == b'E':
                error = ServerError({chr(f[0]): f[1:].decode(errors='replace')
                                     for f in body.split(b'\0') if f})
            elif kind == b'R' and struct.unpack('!i', body[:4])[0] != 0:
                raise ConnectionError('the server wants a password')
            elif kind == b'Z':
                if error is not None:
                    raise error
                return rows

    def query(self, sql):
        self.send((b'Q', sql.encode() + b'\0'))
        return self.until_ready()

    def prepare(self, name, sql, types=()):
        self.send((b'P', name.encode() + b'\0' + sql.encode() + b'\0' +
                   struct.pack('!h', len(types)) +
                   b''.join(struct.pack('!i', t) for t in types)),
                  (b'S', b''))
        self.until_ready()

    def execute(self, name, *values):
        """All parameters and results in binary."""
        self.send((b'B', b'\0' + name.encode() + b'\0' +
                   struct.pack('!hhh', 1, 1, len(values)) +
                   b''.join(struct.pack('!i', len(v)) + v for v in values) +
                   struct.pack('!hh', 1, 1)),
                  (b'E', b'\0' + struct.pack('!i', 0)),
                  (b'S', b''))
        return self.until_ready()
