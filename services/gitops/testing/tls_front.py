"""A TLS server before plain HTTP servers, for tests: one port for each.

tls_front.py CERTIFICATE KEY CLIENT_CA UPSTREAM...   CLIENT_CA "": no certificate of the client is asked for;
UPSTREAM is HOST:PORT. Prints a port for each on a line, then serves until it is killed.
"""

import asyncio
import ssl
import sys


async def pump(source, sink):
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


async def main(certificate, key, client_ca, upstreams):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
        # With TLS 1.3 the refusal comes only after the handshake, with whatever the client does then.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    servers = []
    for upstream in upstreams:
        host, _, port = upstream.rpartition(":")

        async def serve(reader, writer, host=host, port=port):
            up_reader, up_writer = await asyncio.open_connection(host, int(port))
            await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
