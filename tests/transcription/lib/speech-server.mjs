// SPDX-License-Identifier: GPL-3.0-or-later
// A loopback server that speaks as OpenAI's POST /v1/audio/transcriptions and as whisper.cpp's POST /inference. It holds
// each request against what their public documents say; what is wrong is kept in `faults`, and answered 400.
import http from 'node:http';

// Parts of a multipart/form-data body: {name, file_name, type, bytes}.
function parts_of(type, body) {
    const boundary = /^multipart\/form-data; boundary=("?)([^"]+)\1$/.exec(type ?? '')?.[2];
    if (!boundary)
        throw new Error(`the content type is ${type}`);
    const text = body.toString('latin1'), pieces = text.split(`--${boundary}`);
    if (pieces[0] !== '' || pieces.at(-1) !== '--\r\n')
        throw new Error('the body does not begin and end with the boundary');
    return pieces.slice(1, -1).map((piece) => {
        const end = piece.indexOf('\r\n\r\n'), head = piece.slice(2, end);
        return {
            name: /name="([^"]*)"/.exec(head)?.[1], file_name: /filename="([^"]*)"/.exec(head)?.[1],
            type: /^Content-Type: (.*)$/m.exec(head)?.[1]?.trim(), bytes: Buffer.from(piece.slice(end + 4, -2), 'latin1'),
        };
    });
}

export class SpeechServer {
    // `answer(request)` gives {status, headers, body (object or text), hang}; request: {fields, file, seconds, count}.
    static async start({ key, answer } = {}) {
        const server = Object.assign(new SpeechServer(), { key, answer, faults: [], requests: [], sockets: new Set() });
        server.http = http.createServer((request, response) => server.take(request, response));
        server.http.on('connection', (socket) => {
            server.sockets.add(socket);
            socket.on('close', () => server.sockets.delete(socket));
        });
        await new Promise((resolve) => server.http.listen(0, '127.0.0.1', resolve));
        server.url = `http://127.0.0.1:${server.http.address().port}`;
        return server;
    }

    async stop() {
        for (const socket of this.sockets)
            socket.destroy();
        await new Promise((resolve) => this.http.close(resolve));
    }

    check(request, body) {
        const whisper = request.url === '/inference';
        if (request.method !== 'POST' || (!whisper && request.url !== '/v1/audio/transcriptions'))
            throw new Error(`${request.method} ${request.url}`);
        if (request.headers.authorization !== (this.key && !whisper ? `Bearer ${this.key}` : undefined))
            throw new Error(`authorization ${request.headers.authorization}`);
        if (body.length > 25 << 20)
            throw new Error(`${body.length} bytes`);
        const parts = parts_of(request.headers['content-type'], body);
        const file = parts.find((part) => part.name === 'file');
        if (!file || !/\.(flac|mp3|mp4|mpeg|mpga|m4a|ogg|wav|webm)$/.test(file.file_name) || file.type !== 'audio/wav')
            throw new Error(`file ${file?.file_name} ${file?.type}`);
        if (file.bytes.toString('latin1', 0, 4) !== 'RIFF' || file.bytes.readUInt32LE(40) !== file.bytes.length - 44)
            throw new Error('the file is no WAV');
        const fields = {};
        for (const { name, bytes } of parts.filter((part) => part !== file))
            (fields[name] ??= []).push(bytes.toString());
        const allowed = whisper ? ['response_format', 'temperature', 'language'] : ['model', 'response_format', 'timestamp_granularities[]', 'language'];
        const strange = Object.keys(fields).filter((name) => !allowed.includes(name));
        if (strange.length || fields.response_format?.[0] !== 'verbose_json')
            throw new Error(`fields ${JSON.stringify(fields)}`);
        if (!whisper && (fields.model?.length !== 1 || fields['timestamp_granularities[]']?.sort().join() !== 'segment,word'))
            throw new Error(`fields ${JSON.stringify(fields)}`);
        return { whisper, fields, file, seconds: (file.bytes.length - 44) / 32000, count: this.requests.length + 1 };
    }

    take(request, response) {
        const pieces = [];
        request.on('data', (piece) => pieces.push(piece)).on('error', () => {});
        request.on('end', () => {
            let told, answer;
            try {
                told = this.check(request, Buffer.concat(pieces));
                this.requests.push(told);
                answer = this.answer?.(told) ?? {};
            } catch (error) {
                this.faults.push(error.message);
                answer = { status: 400, body: { error: { message: error.message, type: 'invalid_request_error', param: null, code: null } } };
            }
            if (answer.hang)
                return;
            const body = answer.body ?? heard(told);
            response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', ...answer.headers });
            response.end(typeof body === 'string' ? body : JSON.stringify(body));
        });
    }
}

// What a server of the kind answers: two segments in the first two seconds, the second one silence to the model.
export function heard({ whisper, fields, seconds }) {
    const until = Math.min(seconds, 2), language = { de: 'german', undefined: 'english', auto: 'english' }[fields.language?.[0]] ?? 'english';
    const facts = { task: 'transcribe', language, duration: seconds };
    const segment = (id, start, end, text, more) => ({ id, seek: 0, start, end, text, tokens: [1, 2], temperature: 0, avg_logprob: -0.25, compression_ratio: 1, no_speech_prob: 0.01, ...more });
    if (whisper) {
        const word = (text, start, end, probability) => ({ word: text, start, end, t_dtw: -1, probability });
        return { ...facts, text: ' Hello, transcribed world.', segments: [segment(0, 0, until, ' Hello, transcribed world.',
            { words: [word(' Hello', 0, 0.3, 0.9), word(',', 0.3, 0.4, 0.7), word(' trans', 0.5, 0.7, 0.6), word('cribed', 0.7, 1, 0.8), word(' world', 1.1, 1.5, 0.5), word('.', 1.5, 1.6, 0.7)] }),
        segment(1, until, until, ' [BLANK_AUDIO]', { words: [word(' [', until, until, 0.5), word('BLANK_AUDIO]', until, until, 0.5)] })] };
    }
    return { ...facts, text: 'Hello, transcribed world. Thanks for watching!', segments: [segment(0, 0, until, ' Hello, transcribed world.'),
        segment(1, until, until, ' Thanks for watching!', { avg_logprob: -1.5, no_speech_prob: 0.9 })],
    words: [{ word: 'Hello', start: 0, end: 0.4 }, { word: 'transcribed', start: 0.5, end: 1 }, { word: 'world', start: 1.1, end: 1.6 },
        { word: 'Thanks', start: until, end: until }, { word: 'for', start: until, end: until }, { word: 'watching', start: until, end: until }] };
}
