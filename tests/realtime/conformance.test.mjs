// SPDX-License-Identifier: GPL-3.0-or-later
// The rules of Engine.IO 4, Socket.IO 5 and WebSocket, one by one, from their public documents: what a client that follows them gets, and what one
// that does not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sleep, until } from '../api/lib/server.mjs';
import { BINARY, CLOSE, Conformance, PING, PONG, Raw, TEXT, frame } from './lib/raw.mjs';

const ENGINE = '/engine.io/?EIO=4', SOCKET = '/socket.io/?EIO=4', MAX = 1_000_000;
let server;
before(async () => (server = await Conformance.start()));
after(async () => assert.equal(await server.stop(), 0));

const http = async (target, body, method = body === undefined ? 'GET' : 'POST') => {
    const answer = await fetch(server.origin + target, { method, body });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};
const polling = async (base = ENGINE) => {
    const { text } = await http(`${base}&transport=polling`);
    return { ...JSON.parse(text.slice(1)), target: `${base}&transport=polling&sid=${JSON.parse(text.slice(1)).sid}` };
};
const websocket = async (base = ENGINE, sid = '') => {
    const raw = new Raw(server.port, `${base}&transport=websocket${sid && `&sid=${sid}`}`);
    await until('the handshake is over', () => raw.head, { every_ms: 2 });
    if (!sid)
        await raw.hears(/^0/);
    return raw;
};
// A Socket.IO connection in the main namespace.
const connected = async () => {
    const raw = await websocket(SOCKET);
    raw.text('40');
    await raw.hears(/^40\{"sid"/);
    await raw.hears('42["auth",{}]');
    return raw;
};
const is_gone = async (session) => assert.equal((await http(session.target)).status, 400);

// Engine.IO: handshake ----------------------------------------------------------------------------

test('the handshake by polling tells session, upgrades, heartbeat and the largest payload', async () => {
    const { status, type, text } = await http(`${ENGINE}&transport=polling`);
    assert.equal(status, 200);
    assert.match(type, /^text\/plain; charset=UTF-8$/i);
    assert.equal(text[0], '0');
    const { sid, ...rest } = JSON.parse(text.slice(1));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: MAX });
});

test('the handshake by websocket offers no upgrade', async () => {
    const raw = await websocket();
    assert.match(raw.head, /^HTTP\/1\.1 101 /);
    assert.match(raw.head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    assert.doesNotMatch(raw.head, /sec-websocket-extensions/i);
    assert.deepEqual(JSON.parse(raw.texts[0].slice(1)).upgrades, []);
    raw.end();
});

test('each error has its code, its words and its status', async () => {
    const session = await polling();
    for (const [code, message, target, body, method] of [
        [0, 'Transport unknown', '/engine.io/?EIO=4&transport=carrier-pigeon'],
        [0, 'Transport unknown', '/engine.io/?EIO=4'],
        [1, 'Session ID unknown', `${ENGINE}&transport=polling&sid=nobody`],
        [2, 'Bad handshake method', `${ENGINE}&transport=polling`, 'x', 'POST'],
        [2, 'Bad handshake method', `${ENGINE}&transport=polling`, undefined, 'PUT'],
        [3, 'Bad request', `${ENGINE}&transport=websocket`],
        [3, 'Bad request', session.target, undefined, 'DELETE'],
        [3, 'Bad request', `${ENGINE}&transport=websocket&sid=${session.sid}`],
        [5, 'Unsupported protocol version', '/engine.io/?EIO=3&transport=polling'],
        [5, 'Unsupported protocol version', '/engine.io/?transport=polling'],
    ]) {
        const answer = await http(target, body, method);
        assert.equal(answer.status, 400, target);
        assert.deepEqual(JSON.parse(answer.text), { code, message }, target);
    }
});

for (const [name, headers] of [['version', { 'Sec-WebSocket-Version': '12' }], ['key', { 'Sec-WebSocket-Key': 'short' }],
    ['Upgrade', { Upgrade: 'h2c' }], ['Connection', { Connection: 'keep-alive' }]])
    test(`a websocket handshake with a wrong ${name} is refused`, async () => {
        const raw = new Raw(server.port, `${ENGINE}&transport=websocket`, headers);
        await until('it is answered', () => raw.head);
        assert.match(raw.head, /^HTTP\/1\.1 400 /);
        raw.end();
    });

// Engine.IO: polling ------------------------------------------------------------------------------

test('payloads of several packets come and go with their separator', async () => {
    const session = await polling();
    assert.equal((await http(session.target, '4one\x1e4two\x1e4\u00e4\u20ac')).text, 'ok');
    let got = '';
    while (!got.endsWith('4\u00e4\u20ac')) {
        const { text } = await http(session.target);
        got += (got && '\x1e') + text;
    }
    assert.equal(got, '4one\x1e4two\x1e4\u00e4\u20ac');
});

test('binary travels as base64 by polling and as itself by websocket', async () => {
    const session = await polling();
    for (const bytes of ['', 'x', 'xy', 'xyz', '\x00\xff\x1e']) {
        const text = 'b' + Buffer.from(bytes, 'latin1').toString('base64');
        await http(session.target, text);
        assert.equal((await http(session.target)).text, text);
    }
    const raw = await websocket();
    raw.send(frame(BINARY, Buffer.from([0, 255, 30])));
    const back = await until('it comes back', () => raw.frames.find((one) => one.opcode === BINARY));
    assert.deepEqual([...back.payload], [0, 255, 30]);
    raw.end();
});

for (const [what, body] of [['an unknown type', 'abc'], ['no packet', ''], ['an empty packet', '4a\x1e\x1e4b'], ['a ping', '2'], ['a broken base64', 'b***'],
    ['invalid UTF-8', Buffer.from([0x34, 0xff])], ['a packet of the server', '0{}'], ['a thousand and more packets', '4\x1e'.repeat(1100) + '4']])
    test(`a POST with ${what} is a bad request and ends the session`, async () => {
        const session = await polling();
        assert.equal((await http(session.target, body)).status, 400);
        await is_gone(session);
    });

test('a second GET at the same time ends the session', async () => {
    const session = await polling();
    const first = http(session.target);
    await sleep(20);
    assert.equal((await http(session.target)).status, 400);
    const { status, text } = await first;
    assert.deepEqual([status, text], [200, '1']);
    await is_gone(session);
});

test('a body over the largest payload is answered 413', async () => {
    const session = await polling();
    assert.equal((await http(session.target, '4' + 'x'.repeat(MAX))).status, 413);
    assert.equal((await http((await polling()).target, '4' + 'x'.repeat(MAX - 1))).status, 200);
});

test('a waiting GET ends when the client closes the session', async () => {
    const session = await polling();
    const waiting = http(session.target);
    await sleep(20);
    assert.equal((await http(session.target, '1')).text, 'ok');
    assert.deepEqual((await waiting).text, '6');
    await is_gone(session);
});

// Engine.IO: heartbeat ----------------------------------------------------------------------------

test('the server pings, and who answers stays', async () => {
    const raw = await websocket();
    for (let i = 1; i <= 3; i++) {
        await until('a ping', () => raw.texts.filter((text) => text === '2').length === i, { every_ms: 2, limit_ms: 1000 });
        raw.text('3');
    }
    assert.ok(!raw.closed);
    raw.end();
});

test('who does not answer a ping is closed after interval and timeout, by either transport', async () => {
    const session = await polling(), from = Date.now(), raw = await websocket();
    assert.equal(await raw.close_status(), 1000);
    const took = Date.now() - from;
    assert.ok(took >= 480 && took < 1500, `${took} ms`);
    await is_gone(session);
});

// Engine.IO: upgrade ------------------------------------------------------------------------------

test('an upgrade is probed, frees the waiting GET and then takes all that comes', async () => {
    const session = await polling(), raw = await websocket(ENGINE, session.sid), waiting = http(session.target);
    await sleep(20);
    raw.text('2probe');
    await raw.hears('3probe');
    assert.equal((await waiting).text, '6');
    await http(session.target, '4before');
    raw.text('5');
    await raw.hears('4before');
    raw.text('4after');
    await raw.hears('4after');
    assert.equal((await http(session.target)).status, 400, 'polling is over');
    raw.end();
});

test('a websocket that is closed before or after its probe leaves the session to polling', async () => {
    for (const probe of [false, true]) {
        const session = await polling(), raw = await websocket(ENGINE, session.sid);
        if (probe) {
            raw.text('2probe');
            await raw.hears('3probe');
        }
        raw.end();
        await sleep(30);
        await http(session.target, '4still');
        assert.equal((await http(session.target)).text, '4still');
    }
});

for (const packet of ['4hello', '5', '2', '2prob', 'x'])
    test(`a probe that begins with '${packet}' ends the websocket alone`, async () => {
        const session = await polling(), raw = await websocket(ENGINE, session.sid);
        raw.text(packet);
        assert.equal(await raw.close_status(), 1002);
        assert.equal((await http(session.target, '4ok')).status, 200);
    });

test('a second websocket for a session is closed and the first one stays', async () => {
    const raw = await websocket(), sid = JSON.parse(raw.texts[0].slice(1)).sid, second = await websocket(ENGINE, sid);
    assert.equal(await second.close_status(), 1008);
    raw.text('4first');
    await raw.hears('4first');
    raw.end();
});

test('a websocket for a session that nobody has is refused', async () => {
    const raw = await websocket(ENGINE, 'nobody');
    assert.match(raw.head, /^HTTP\/1\.1 400 /);
    raw.end();
});

// WebSocket (RFC 6455) ----------------------------------------------------------------------------

test('a message in fragments is one, with control frames between them', async () => {
    const raw = await websocket();
    raw.send(frame(TEXT, '4on', { fin: false }), frame(PING, 'here?'), frame(0, 'e ', { fin: false }), frame(0, '', { fin: false }), frame(PONG, 'unasked'),
        frame(0, 'piece'));
    await raw.hears('4one piece');
    assert.equal(raw.frames.find((one) => one.opcode === PONG).payload.toString(), 'here?');
    raw.end();
});

test('frames that come byte by byte, and many at once, are understood', async () => {
    const raw = await websocket();
    for (const byte of Buffer.concat([frame(TEXT, '4slow'), frame(PING, 'p')])) {
        raw.socket.write(Buffer.from([byte]));
        await sleep(1);
    }
    await raw.hears('4slow');
    raw.send(...Array.from({ length: 200 }, (_, i) => frame(TEXT, `4n${i}`)));
    await raw.hears('4n199');
    assert.deepEqual(raw.texts.filter((text) => text.startsWith('4n')), Array.from({ length: 200 }, (_, i) => `4n${i}`));
    raw.end();
});

for (const size of [0, 125, 126, 65_535, 65_536, MAX - 1])
    test(`a message of ${size} bytes comes back whole`, async () => {
        const raw = await websocket(), text = '4' + 'x'.repeat(size);
        raw.text(text);
        await raw.hears(text);
        raw.end();
    });

for (const [what, status, ...frames] of [
    ['without a mask', 1002, frame(TEXT, '4x', { mask: false })],
    ['with a reserved bit', 1002, frame(TEXT, '4x', { rsv: 4 })],
    ['with the bit of compression on a control frame', 1002, frame(PING, 'x', { rsv: 4 })],
    ['of a reserved kind', 1002, frame(3, 'x')],
    ['of a reserved control kind', 1002, frame(11, 'x')],
    ['that continues nothing', 1002, frame(0, 'x')],
    ['that begins a message within another', 1002, frame(TEXT, '4x', { fin: false }), frame(TEXT, '4y')],
    ['of control in fragments', 1002, frame(PING, 'x', { fin: false })],
    ['of control over 125 bytes', 1002, frame(PING, 'x'.repeat(126))],
    ['of text that is no UTF-8', 1007, frame(TEXT, Buffer.from([0x34, 0xc3, 0x28]))],
    ['of text that ends within a character', 1007, frame(TEXT, Buffer.from([0x34, 0xe2, 0x82]))],
    ['over the largest payload, as soon as it is announced', 1009, frame(TEXT, '4', { length: MAX + 1 })],
    ['that makes a message too large', 1009, frame(TEXT, '4' + 'x'.repeat(600_000), { fin: false }), frame(0, 'x'.repeat(600_000))],
])
    test(`a frame ${what} closes with ${status}`, async () => {
        const raw = await websocket();
        raw.send(...frames);
        assert.equal(await raw.close_status(), status);
        await raw.ended;
        assert.deepEqual(raw.texts.filter((text) => text.startsWith('4')), []);
    });

test('text is cut between the bytes of a character and still valid', async () => {
    const raw = await websocket(), euro = Buffer.from('4\u20ac');
    raw.send(frame(TEXT, euro.subarray(0, 2), { fin: false }), frame(0, euro.subarray(2)));
    await raw.hears('4\u20ac');
    raw.end();
});

const status_bytes = (status, reason = '') => Buffer.concat([Buffer.from([status >> 8, status & 255]), Buffer.from(reason)]);
for (const [sent, back] of [[Buffer.alloc(0), 1000], [status_bytes(1000, 'bye'), 1000], [status_bytes(1001), 1001], [status_bytes(3000), 3000],
    [status_bytes(4999), 4999], [Buffer.from([3]), 1002], [status_bytes(999), 1002], [status_bytes(1004), 1002], [status_bytes(1005), 1002],
    [status_bytes(1006), 1002], [status_bytes(1015), 1002], [status_bytes(2999), 1002], [status_bytes(5000), 1002],
    [Buffer.from([3, 232, 0xff, 0xfe]), 1007]])
    test(`a close of ${sent.toString('hex') || 'nothing'} is answered ${back}`, async () => {
        const raw = await websocket();
        raw.send(frame(CLOSE, sent), frame(TEXT, '4after'));
        assert.equal(await raw.close_status(), back);
        await raw.ended;
        assert.deepEqual(raw.texts.filter((text) => text.startsWith('4')), []);
    });

for (const packet of ['', 'x', '2', '5', '0', 'b4aGk='])
    test(`the packet '${packet}' over websocket ends the session`, async () => {
        const raw = await websocket();
        raw.text(packet);
        assert.notEqual(await raw.close_status(), 0);
        raw.end();
    });

// Socket.IO: namespaces ---------------------------------------------------------------------------

test('CONNECT is answered with an id of its own in each namespace, and its auth arrives', async () => {
    const raw = await websocket(SOCKET);
    raw.text('40{"token":"a"}');
    await raw.hears('42["auth",{"token":"a"}]');
    raw.text('40/custom,{"token":"b"}');
    const first = JSON.parse((await raw.hears(/^40\{/)).slice(2)), second = JSON.parse((await raw.hears(/^40\/custom,\{/)).slice(10));
    await raw.hears('42/custom,["auth",{"token":"b"}]');
    assert.notEqual(first.sid, second.sid);
    assert.notEqual(first.sid, JSON.parse(raw.texts[0].slice(1)).sid);
    raw.end();
});

test('an unknown namespace gets CONNECT_ERROR and the session stays', async () => {
    const raw = await websocket(SOCKET);
    raw.text('40/nowhere,');
    await raw.hears('44/nowhere,{"message":"Invalid namespace"}');
    raw.text('40');
    await raw.hears(/^40\{/);
    raw.end();
});

test('a query behind the namespace is no part of its name', async () => {
    const raw = await websocket(SOCKET);
    raw.text('40/custom?token=a,{}');
    await raw.hears(/^40\/custom,\{"sid"/);
    raw.end();
});

test('DISCONNECT leaves one namespace and not the other; it can be entered again', async () => {
    const raw = await connected();
    raw.text('40/custom,');
    await raw.hears(/^40\/custom,/);
    raw.text('41');
    raw.text('42/custom,["message",1]');
    await raw.hears('42/custom,["message-back",1]');
    raw.text('40');
    await until('it is back', () => raw.texts.filter((text) => text.startsWith('40{')).length === 2);
    raw.end();
});

test('who never sends CONNECT is closed after the connect timeout', async () => {
    const raw = await websocket(SOCKET), from = Date.now();
    const answer = setInterval(() => raw.text('3'), 50);
    await raw.close_status();
    clearInterval(answer);
    const took = Date.now() - from;
    assert.ok(took > 900 && took < 2500, `${took} ms`);
});

test('who was refused a namespace and enters none is closed as well', async () => {
    const raw = await websocket(SOCKET);
    raw.text('40/nowhere,');
    const answer = setInterval(() => raw.text('3'), 50);
    await raw.close_status();
    clearInterval(answer);
});

// Socket.IO: events and acknowledgements ----------------------------------------------------------

test('an event comes back with every kind of JSON in it', async () => {
    const raw = await connected(), args = ['text \u20ac "quoted"\n', 1, -2.5, true, null, [1, [2]], { a: { b: [] } }];
    raw.text('42' + JSON.stringify(['message', ...args]));
    const back = JSON.parse((await raw.hears(/message-back/)).slice(2));
    assert.deepEqual(back, ['message-back', ...args]);
    raw.end();
});

test('an acknowledgement carries the number that was asked with, in its namespace', async () => {
    const raw = await connected();
    raw.text('40/custom,');
    await raw.hears(/^40\/custom,/);
    for (const [asked, answered] of [['420["message-with-ack",1]', '430[1]'], ['42999999999999999["message-with-ack"]', '43999999999999999[]'],
        ['42/custom,7["message-with-ack",{"a":1}]', '43/custom,7[{"a":1}]']]) {
        raw.text(asked);
        await raw.hears(answered);
    }
    raw.text('436["nobody asked"]');
    raw.text('42["message","still here"]');
    await raw.hears('42["message-back","still here"]');
    raw.end();
});

test('binary attachments follow their event both ways, and in acknowledgements', async () => {
    const raw = await connected(), places = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
    for (const [sent, back] of [[`452-["message",${places}]`, `452-["message-back",${places}]`],
        [`462-3["message-with-ack",${places}]`.replace('46', '45'), `462-3[${places}]`]]) {
        raw.frames.length = 0;
        raw.send(frame(TEXT, sent), frame(BINARY, 'one'), frame(BINARY, 'two'));
        await raw.hears(back);
        await until('both are back', () => raw.frames.filter((one) => one.opcode === BINARY).length === 2);
        assert.deepEqual(raw.frames.filter((one) => one.opcode === BINARY).map((one) => one.payload.toString()), ['one', 'two']);
    }
    raw.end();
});

test('attachments travel by polling', async () => {
    const session = await polling(SOCKET);
    await http(session.target, '40');
    let got = '';
    const hear = async (what) => {
        while (!got.includes(what))
            got += (await http(session.target)).text + '\x1e';
    };
    await hear('"auth"');
    await http(session.target, '451-["message",{"_placeholder":true,"num":0}]\x1eb' + Buffer.from('bytes').toString('base64'));
    await hear('b' + Buffer.from('bytes').toString('base64'));
    assert.match(got, /451-\["message-back",\{"_placeholder":true,"num":0\}\]/);
});

const deep = '['.repeat(5000) + ']'.repeat(5000);
for (const [what, ...packets] of [
    ['an event before CONNECT', { raw: true }, '42["message"]'],
    ['an acknowledgement before CONNECT', { raw: true }, '431["x"]'],
    ['a DISCONNECT before CONNECT', { raw: true }, '41'],
    ['an event to a namespace not entered', '42/custom,["message"]'],
    ['a second CONNECT', '40'],
    ['a CONNECT whose auth is no object', { raw: true }, '40"text"'],
    ['a CONNECT_ERROR', '44{"message":"x"}'],
    ['an unknown type', '47["message"]'],
    ['nothing in the packet', '4'],
    ['an event without an array', '42{"message":1}'],
    ['an event without a name', '42[]'],
    ['an event whose name is a number', '42[1]'],
    ['an event with a name of the client itself', '42["disconnect"]'],
    ['JSON that is cut off', '42["message"'],
    ['JSON with something behind it', '42["message"]x'],
    ['JSON that is too deep', `42["message",${deep}]`],
    ['an acknowledgement without a number', '43["x"]'],
    ['an acknowledgement that is no array', '431{"a":1}'],
    ['an acknowledgement number that is too long', '42' + '9'.repeat(30) + '["message"]'],
    ['a DISCONNECT with something in it', '41{"a":1}'],
    ['a binary event without a number of attachments', '45["message"]'],
    ['a binary event with none', '450-["message"]'],
    ['a binary event with too many', '4511-["message"]'],
    ['a binary event with a number that never ends', '45' + '1'.repeat(100)],
    ['text where an attachment was announced', '451-["message",{"_placeholder":true,"num":0}]', '42["message"]'],
])
    test(`${what} ends the session`, async () => {
        const first = typeof packets[0] === 'object' ? packets.shift() : {};
        const raw = first.raw ? await websocket(SOCKET) : await connected();
        packets.forEach((packet) => raw.text(packet));
        const from = Date.now();
        assert.equal(await raw.close_status(), 1000);
        assert.ok(Date.now() - from < 400, 'at once, not by a timeout');
        assert.deepEqual(raw.texts.filter((text) => text.includes('-back')), []);
    });

test('an attachment that nothing announced ends the session', async () => {
    const raw = await connected();
    raw.send(frame(BINARY, 'bytes'));
    assert.equal(await raw.close_status(), 1000);
});

test('a message behind the one that ended the session is not looked at', async () => {
    const raw = await connected();
    raw.send(frame(TEXT, '4'), frame(TEXT, '42["message","late"]'));
    await raw.ended;
    assert.deepEqual(raw.texts.filter((text) => text.includes('late')), []);
});
