// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests upload: made here, or real speech of a Debian package.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { repository, temporary } from './server.mjs';

// A mono WAV file of a tone, 16 bits, 16 kHz.
export function wav(seconds, hertz = 440) {
    const count = Math.round(seconds * 16000);
    const bytes = Buffer.alloc(44 + count * 2);
    bytes.write('RIFF', 0);
    bytes.writeUInt32LE(36 + count * 2, 4);
    bytes.write('WAVEfmt ', 8);
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(16000, 24);
    bytes.writeUInt32LE(32000, 28);
    bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34);
    bytes.write('data', 36);
    bytes.writeUInt32LE(count * 2, 40);
    for (let i = 0; i < count; i++)
        bytes.writeInt16LE(Math.round(8000 * Math.sin(2 * Math.PI * hertz * i / 16000)), 44 + i * 2);
    return bytes;
}

// A file made by ffmpeg; the arguments stand before the name of the output.
export function made(file_name, ...arguments_) {
    const folder = temporary('media');
    const place = path.join(folder, file_name);
    const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', ...arguments_, place], { encoding: 'utf8' });
    if (status !== 0)
        throw new Error(`ffmpeg: ${stderr}`);
    const bytes = fs.readFileSync(place);
    fs.rmSync(folder, { recursive: true });
    return bytes;
}

// A film that says that it is to be shown turned clockwise, as phones' films do; its pictures are stored as they were.
export function turned(film, degrees) {
    const folder = temporary('turned');
    const place = path.join(folder, 'film.mp4');
    fs.writeFileSync(place, film);
    try {
        return made('turned.mp4', '-i', place, '-c', 'copy', '-metadata:s:v', `rotate=${360 - degrees}`);
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

export const picture = (colour = 'red') => made('picture.png', '-f', 'lavfi', '-i', `color=${colour}:s=320x240`, '-frames:v', '1');
export const silent_film = () => made('film.mp4', '-f', 'lavfi', '-i', 'testsrc=s=160x120:d=1:r=10', '-pix_fmt', 'yuv420p');

// "THREE OF SPADES" and the like: 2 to 4 seconds of a man's voice.
export const speech = (number = 1) => fs.readFileSync(`/usr/share/pocketsphinx/test/data/cards/00${number}.wav`);

// Richer inputs beside the repository, where there are some.
export function rich_inputs(kind) {
    const folder = path.resolve(repository, '../shared/inputs', kind);
    return fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
}

// What ffprobe says of the bytes of a film.
export function inspect(bytes) {
    const folder = temporary('probe');
    const place = path.join(folder, 'film.mp4');
    fs.writeFileSync(place, bytes);
    const { status, stdout, stderr } = spawnSync('ffprobe', ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', place], { encoding: 'utf8' });
    fs.rmSync(folder, { recursive: true });
    if (status !== 0)
        throw new Error(`ffprobe: ${stderr}`);
    return JSON.parse(stdout);
}
