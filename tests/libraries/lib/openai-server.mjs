// SPDX-License-Identifier: GPL-3.0-or-later
// A server with OpenAI's calls for voices and pictures, as its public reference has them, that does as a test says.
import http from 'node:http';

export class OpenaiServer {
    // `answer(path, json)` gives {status, type, bytes}, or nothing: it never answers.
    static async start({ key }) {
        const self = Object.assign(new OpenaiServer(), { key, requests: [], faults: [], answer: undefined });
        self.server = http.createServer((request, response) => {
            const parts = [];
            request.on('data', (part) => parts.push(part)).on('end', () => {
                const json = JSON.parse(Buffer.concat(parts));
                if (request.headers.authorization !== `Bearer ${key}`)
                    self.faults.push(`authorization: ${request.headers.authorization}`);
                self.requests.push({ path: request.url, json });
                const told = self.answer(request.url, json);
                if (!told)
                    return;
                response.writeHead(told.status ?? 200, { 'Content-Type': told.type ?? 'application/json' });
                response.end(told.bytes ?? JSON.stringify(told.json));
            });
        });
        await new Promise((resolve) => self.server.listen(0, '127.0.0.1', resolve));
        self.url = `http://127.0.0.1:${self.server.address().port}`;
        return self;
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }
}
