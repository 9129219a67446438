// SPDX-License-Identifier: GPL-3.0-or-later
// A small stock of four items, made here.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { made, picture, wav } from '../../api/lib/media.mjs';

const id = (number) => `5700c000-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const song = id(1), bell = id(2), wall = id(3), waves = id(4);

// Fills the folder; what `change` does with the description is written.
export function make_pack(folder, change = (stock) => stock) {
    const files = {
        'music/morning.wav': wav(2, 330), 'effects/bell.wav': wav(0.5, 880),
        'images/wall.png': picture('orange'), 'thumbnails/wall.png': picture('orange'), 'thumbnails/song.png': picture('blue'),
        'videos/waves.mp4': made('waves.mp4', '-f', 'lavfi', '-i', 'testsrc=s=320x180:d=1:r=10', '-pix_fmt', 'yuv420p'),
        'waveforms/morning.json': Buffer.from('{"version":2,"data":[0,1]}'),
    };
    for (const [name, bytes] of Object.entries(files)) {
        fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
        fs.writeFileSync(path.join(folder, name), bytes);
    }
    const item = (number, kind, file, more) => ({ id: id(number), kind, artist: 'Kinora', tags: [], category: 'Calm', file,
        thumbnail: null, waveform: null, size_bytes: files[file].length, width: null, height: null, duration_us: null,
        sha256: createHash('sha256').update(files[file]).digest('hex'), is_premium: false, is_loop: false, ...more });
    const stock = { version: 1, items: [
        item(1, 'audio', 'music/morning.wav', { type: 'music', title: 'Ünder 100% Light', tags: ['warm', 'piano'], mime_type: 'audio/wav',
            duration_us: 2000000, thumbnail: 'thumbnails/song.png', waveform: 'waveforms/morning.json', is_loop: true }),
        item(2, 'audio', 'effects/bell.wav', { type: 'effect', title: 'Bell', mime_type: 'audio/wav', duration_us: 500000, is_premium: true }),
        item(3, 'image', 'images/wall.png', { title: 'Wall', category: 'Textures', mime_type: 'image/png', width: 320, height: 240,
            thumbnail: 'thumbnails/wall.png', tags: ['brick'] }),
        item(4, 'video', 'videos/waves.mp4', { title: 'Waves', category: 'Nature', mime_type: 'video/mp4', width: 320, height: 180,
            duration_us: 1000000, thumbnail: 'thumbnails/wall.png', is_premium: true, is_loop: true }),
    ] };
    fs.writeFileSync(path.join(folder, 'stock.json'), JSON.stringify(change(stock)));
    return stock;
}
