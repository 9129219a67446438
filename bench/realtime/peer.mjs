// SPDX-License-Identifier: GPL-3.0-or-later
// peer.mjs PORT: the official Socket.IO server with what is measured: rooms, and what is said in them.
import { createRequire } from 'node:module';

const { Server } = createRequire(new URL('../../tests/package.json', import.meta.url))('socket.io');
const io = new Server(Number(process.argv[2]), { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => {
    socket.on('room', (room) => socket.join(room));
    socket.on('say', (room, text) => socket.to(room).emit('said', room, text));
});
