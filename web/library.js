// SPDX-License-Identifier: GPL-3.0-or-later
// The library: uploads, and every file with its state.
import { call, follow_file, get, upload } from './api.js';
import { clock, confirm_deletion, count, day, h, icon, notice, percent, size, toast } from './dom.js';
import { search } from './search.js';

const PAGE = 100;
const kinds = { audio: 'Recording', video: 'Film', image: 'Picture', gif: 'Picture' };
export const facts = (file) => [kinds[file.media_type] ?? 'File', file.duration ? clock(file.duration) : null, size(file.size_bytes), day(file.created_at)]
    .filter(Boolean).join(' · ');
export const is_sound = (file) => file.media_type === 'audio' || file.media_type === 'video';
export const under_way = (file) => file.status === 'pending' || file.status === 'processing';

// A line of text above a bar; the bar keeps its room when there is nothing to tell.
export function meter() {
    const text = h('span', { class: 'state' }), bar = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
    const set = (words, share) => {
        text.textContent = words;
        bar.classList.toggle('gone', share == null);
        bar.value = share ?? 0;
    };
    set('');
    return { element: h('div', { class: 'meter' }, text, bar), set };
}

// The file's thumbnail, or a sign of its kind. That of a new file is made within seconds of its upload.
function face(file, signal) {
    const element = h('span', { class: `kind ${file.media_type}` }, icon(file.media_type));
    const show = (url) => element.replaceChildren(h('img', { src: url, alt: '', loading: 'lazy' }));
    const look = async (waits) => {
        if (!waits.length)
            return;
        await new Promise((resolve) => setTimeout(resolve, waits[0]));
        const { thumbnail_url } = signal.aborted ? {} : await get(`/api/v1/files/${file.id}`, signal);
        if (thumbnail_url)
            show(thumbnail_url);
        else if (!signal.aborted)
            await look(waits.slice(1));
    };
    if (file.thumbnail_url)
        show(file.thumbnail_url);
    else if (file.media_type !== 'audio' && Date.now() - Date.parse(file.created_at) < 600_000)
        look([500, 1500, 4000, 15000]).catch(() => {}); // the sign will do
    return element;
}

function state_text(file) {
    if (file.status === 'failed')
        return 'No transcript';
    if (file.status === 'cancelled')
        return 'Stopped';
    return is_sound(file) ? 'Ready' : '';
}

function row(file, signal, on_gone) {
    const state = meter();
    const remove = h('button', { class: 'button quiet', 'aria-label': `Delete ${file.name}`, title: 'Delete', onclick: async () => {
        if (!await confirm_deletion(`Delete “${file.name}”?`, 'The file and its transcript are removed for good.'))
            return;
        try {
            await call('DELETE', `/api/v1/files/${file.id}`);
            element.remove();
            on_gone();
            toast(`“${file.name}” is deleted.`);
        } catch (error) {
            state.set(error.message);
        }
    } }, icon('trash'));
    const element = h('li', { class: 'item', 'data-status': file.status },
        face(file, signal),
        h('div', { class: 'about' }, h('a', { href: `#/file/${file.id}`, class: 'name' }, file.name), h('span', { class: 'soft' }, facts(file))),
        state.element, remove);
    const settle = (now) => {
        element.dataset.status = now.status;
        state.set(state_text(now));
    };
    if (under_way(file)) {
        state.set('Waiting for its transcript', 0);
        follow_file(file.id, (share) => state.set(`Transcribing, ${percent(share)}`, share), signal)
            .then(() => get(`/api/v1/files/${file.id}`, signal)).then(settle).catch((error) => signal.aborted || state.set(error.message));
    } else {
        settle(file);
    }
    return element;
}

// The row of a file on its way; it becomes the file's own row, or says what is wrong.
async function send(file, list, signal, on_change) {
    const state = meter(), problem = notice(), stop = new AbortController();
    signal.addEventListener('abort', () => stop.abort());
    const leave = h('button', { class: 'button quiet', onclick: () => { stop.abort(); element.remove(); on_change(); } }, 'Cancel');
    const element = h('li', { class: 'item' }, h('span', { class: 'kind' }, icon('upload')),
        h('div', { class: 'about' }, h('span', { class: 'name' }, file.name), h('span', { class: 'soft' }, size(file.size))), state.element, leave, problem.element);
    state.set('Uploading', 0);
    list.prepend(element);
    on_change();
    try {
        const done = await upload(file, crypto.randomUUID?.() ?? random_id(),
            (share) => state.set(share < 1 ? `Uploading, ${percent(share)}` : 'Looking at it', share), stop.signal);
        element.replaceWith(row(done, signal, on_change));
        toast(`“${done.name}” is in your library.`);
    } catch (error) {
        if (stop.signal.aborted)
            return;
        state.set('Not uploaded');
        problem.show(error);
        leave.textContent = 'Dismiss';
    }
}

// randomUUID is missing where the page came over plain HTTP from another machine.
function random_id() {
    const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function drop_zone(on_files) {
    const input = h('input', { type: 'file', id: 'files', multiple: true, class: 'hidden', onchange: () => { on_files(input.files); input.value = ''; } });
    const zone = h('div', { class: 'drop' }, icon('upload'),
        h('p', null, h('strong', null, 'Drop recordings, films or pictures here')),
        input, h('label', { for: 'files', class: 'button primary' }, 'Choose files'),
        h('p', { class: 'soft' }, 'What is said in them is written down on this server. Nothing leaves it.'));
    const over = (inside) => (event) => {
        event.preventDefault();
        zone.classList.toggle('over', inside);
    };
    zone.addEventListener('dragover', over(true));
    zone.addEventListener('dragleave', over(false));
    zone.addEventListener('drop', (event) => {
        over(false)(event);
        on_files(event.dataTransfer.files);
    });
    return zone;
}

export async function library(signal) {
    const first = await get(`/api/v1/files?limit=${PAGE}`, signal);
    const list = h('ul', { class: 'list', 'aria-label': 'Files' });
    const empty = h('p', { class: 'empty soft' }, 'Nothing here yet. Add a recording above, and its transcript appears by itself.');
    const sum = h('span', { class: 'soft' });
    const more = h('button', { class: 'button', hidden: true, onclick: async () => add(await get(`/api/v1/files?limit=${PAGE}&offset=${list.children.length}`, signal)) }, 'Show more');
    const on_change = () => {
        empty.hidden = list.children.length > 0;
        sum.textContent = list.children.length ? count(list.children.length, 'file') : '';
    };
    const add = (page) => {
        list.append(...page.files.map((file) => row(file, signal, on_change)));
        more.hidden = list.children.length >= page.total;
        on_change();
    };
    add(first);
    const zone = drop_zone(async (files) => {
        for (const file of [...files])
            await send(file, list, signal, on_change);
    });
    const all = h('div', { class: 'found' }, zone, list, empty, h('p', { class: 'row' }, more));
    const finding = search(signal, (searching) => { all.hidden = searching; });
    return h('section', null, h('div', { class: 'head' }, h('h1', null, 'Library'), sum), finding.element, finding.results, all);
}
