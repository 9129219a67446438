// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody's sounds for the page of a library: forty entries, one file.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { tone } from '../kinora.mjs';

export function write_stock(folder) {
    const bytes = tone(), sha256 = createHash('sha256').update(bytes).digest('hex');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'tone.wav'), bytes);
    const items = Array.from({ length: 40 }, (_, i) => ({ id: `5700c000-0000-4000-8000-${String(i).padStart(12, '0')}`, kind: 'audio', type: 'music',
        title: `Morning walk ${i}`, artist: 'Kinora', tags: ['calm', 'piano', `mood ${i % 5}`], category: 'Calm', file: 'tone.wav', thumbnail: null,
        waveform: null, mime_type: 'audio/wav', size_bytes: bytes.length, width: null, height: null, duration_us: 1000000, sha256,
        is_premium: i % 4 === 0, is_loop: true }));
    fs.writeFileSync(path.join(folder, 'stock.json'), JSON.stringify({ version: 1, items }));
}
