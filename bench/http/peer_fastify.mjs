// SPDX-License-Identifier: GPL-3.0-or-later
// The peer of Node: fastify on two processes, fast-jwt, better-sqlite3 with prepared statements; what peer_tuned.py does
// for one row, verified tokens kept for a second too. The row is read for every request.
import cluster from 'node:cluster';
import { createHmac } from 'node:crypto';
import Database from 'better-sqlite3';
import { createVerifier } from 'fast-jwt';
import Fastify from 'fastify';

const SECRET = '0123456789abcdef0123456789abcdef', KNOWN_MAX = 4096;
const { PEER_DATABASE, PEER_PORT } = process.env;

function serve() {
    const database = new Database(PEER_DATABASE, { timeout: 60_000 });
    database.pragma('synchronous = FULL');
    const media = database.prepare('SELECT media_id, uuid, file_name, file_path, media_type, mime_type, size_bytes, duration, width, height, status,'
        + ' created_at, updated_at, user_id FROM media WHERE media_id = ?');
    const session = database.prepare('SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ? AND u.id = ? AND u.is_active').pluck();
    const verify = createVerifier({ key: SECRET, algorithms: ['HS256'] }), known = new Map();

    function user_of(header = '') {
        const found = known.get(header), now = Date.now() / 1000;
        if (found && now - found.at < 1 && now < found.expires)
            return found.user;
        let claims;
        try {
            claims = verify(header.slice(7));
        } catch {
            return null;
        }
        const user = session.get(claims.sid, claims.sub);
        if (!user)
            return null;
        if (known.size > KNOWN_MAX)
            known.clear();
        known.set(header, { at: now, user, expires: claims.exp });
        return user;
    }

    function signed(uuid) {
        const expires = Math.floor(Date.now() / 3_600_000) * 3600 + 7200;
        return `/content/media/${uuid}?expires=${expires}&signature=${createHmac('sha256', SECRET).update(`${uuid}:${expires}`).digest('hex')}`;
    }

    const app = Fastify({ logger: false });
    app.get('/mediafiles/:media_id', (request, reply) => {
        const user = user_of(request.headers.authorization);
        if (!user)
            return reply.code(401).send({ detail: 'Not authenticated' });
        const row = media.get(request.params.media_id);
        if (!row || row.user_id !== user)
            return reply.code(404).send({ detail: 'Not found' });
        const { user_id: _, ...answer } = row;
        return reply.send({ ...answer, content_url: signed(row.uuid) });
    });
    app.get('/ready', () => ({ status: 'ready' }));
    app.listen({ port: Number(PEER_PORT), host: '127.0.0.1' });
}

if (cluster.isPrimary) {
    for (let i = 0; i < 2; i++)
        cluster.fork();
    process.on('SIGTERM', () => process.exit(0));
} else {
    serve();
}
