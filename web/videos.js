// SPDX-License-Identifier: GPL-3.0-or-later
// Videos: the list, a new one from a script, its scenes, its film.
import { call, get, pause } from './api.js';
import { clock, confirm_deletion, count, day, h, icon, notice, toast, working } from './dom.js';
import { meter } from './library.js';

const EXAMPLE = `---
voice: flite:slt
captions: karaoke
transition: crossfade 0.6
---

# A quiet morning

The harbour wakes before the town does.
The first boats are out before anybody has had their coffee.

# Three things to bring

- A warm coat
- A camera
- Somebody who tells good stories

Pack light. The best part of the day needs no more than this.

# See you there

Come early, and stay for breakfast.
`;
const RATIOS = [['16:9', 'Wide, 16:9'], ['9:16', 'Tall, 9:16'], ['1:1', 'Square, 1:1'], ['4:5', 'Portrait, 4:5']];
const QUALITIES = [['480p', '480p, a quick look'], ['720p', '720p'], ['1080p', '1080p, full HD']];
const COLOUR = /^#[0-9a-f]{3,8}$/i;
const news = new Map(); // what the server warned of when a video was made, until its screen is shown

function select(name, label, options, chosen) {
    return h('div', { class: 'field' }, h('label', { for: name }, label), h('select', { id: name, name },
        options.map(([value, text]) => h('option', { value, selected: value === chosen }, text))));
}

export async function videos(signal) {
    const { videos: rows, pagination } = await get('/api/v1/videos?limit=100', signal);
    const list = h('ul', { class: 'cards', 'aria-label': 'Videos' });
    const sum = h('span', { class: 'soft' }, pagination.total_items ? count(pagination.total_items, 'video') : '');
    const make = h('a', { class: 'button primary', href: '#/new' }, icon('plus'), 'New video');
    list.append(...rows.map((row) => {
        const problem = notice();
        const element = h('li', { class: 'card tile' },
            h('a', { href: `#/video/${row.id}`, class: 'cover' }, icon(row.video_url ? 'play' : 'film'), h('span', { class: 'name' }, row.title)),
            h('div', { class: 'row' }, h('span', { class: 'soft grow' }, `${count(row.scene_count, 'scene')} · ${clock(row.duration)} · ${day(row.updated_at)}`),
                h('button', { class: 'button quiet', 'aria-label': `Delete ${row.title}`, title: 'Delete', onclick: async () => {
                    if (!await confirm_deletion(`Delete “${row.title}”?`, 'Its scenes and films are removed for good.'))
                        return;
                    try {
                        await call('DELETE', `/api/v1/videos/${row.id}`);
                        element.remove();
                        sum.textContent = list.children.length ? count(list.children.length, 'video') : '';
                        toast(`“${row.title}” is deleted.`);
                    } catch (error) {
                        problem.show(error);
                    }
                } }, icon('trash'))), problem.element);
        return element;
    }));
    return h('section', null, h('div', { class: 'head' }, h('h1', null, 'Videos'), sum, h('span', { class: 'grow' }), make), list,
        !rows.length && h('div', { class: 'empty soft' }, icon('film'), h('p', null, 'Write a few lines, and Kinora makes a narrated film of them.')));
}

export async function new_video(signal) {
    const { files } = await get('/api/v1/files?limit=1000', signal);
    const pictures = files.filter((file) => file.media_type !== 'audio');
    const problem = notice(), button = h('button', { class: 'button primary' }, 'Make the scenes');
    const script = h('textarea', { id: 'script', name: 'script', class: 'script', required: true, spellcheck: true, maxlength: '200000' }, EXAMPLE);
    const insert = pictures.length > 0 && select('insert', 'Put in a picture or film', [['', 'Choose from your library'], ...pictures.map((file) => [file.id, file.name])], '');
    insert && insert.lastChild.addEventListener('change', (event) => {
        const name = event.target.selectedOptions[0].text.replace(/[[\]]/g, ' ');
        script.setRangeText(`\n![${name}](${event.target.value})\n`, script.selectionStart, script.selectionEnd, 'end');
        event.target.value = '';
        script.focus();
    });
    const form = h('form', { class: 'split script-form', onsubmit: working(button, problem, async () => {
        const made = await call('POST', '/api/v1/videos/from-script', { script: script.value, aspect_ratio: form.elements.ratio.value });
        news.set(made.video.id, made.warnings ?? []);
        location.hash = `#/video/${made.video.id}`;
    }) },
    h('div', { class: 'card' }, h('div', { class: 'field' }, h('label', { for: 'script' }, 'Script'), script), problem.element),
    h('aside', { class: 'card' }, h('h2', null, 'How a script works'),
        h('ul', { class: 'help soft' }, h('li', null, h('code', null, '# Heading'), ' starts a scene and is its title.'), h('li', null, 'Plain lines are read aloud.'),
            h('li', null, h('code', null, '- item'), ' appears as a line of a list.'), h('li', null, 'The lines between ', h('code', null, '---'), ' choose voice, captions and transitions.')),
        insert, select('ratio', 'Shape of the picture', RATIOS, '16:9'), button));
    return h('section', null, h('a', { class: 'back', href: '#/videos' }, icon('back'), 'Videos'), h('div', { class: 'head' }, h('h1', null, 'New video')), form);
}

// A field that saves itself a moment after the last key, and at once when it is left. `save(value)` sends it.
function saved_field(label, value, rows, save, changes) {
    const status = h('small', { class: 'saved', role: 'status' }), problem = notice();
    const area = h('textarea', { rows, 'aria-label': label, spellcheck: true }, value);
    let timer, stored = area.value, sending = Promise.resolve(true);
    const store = () => {
        clearTimeout(timer);
        sending = sending.then(async () => {
            if (area.value === stored)
                return true;
            const text = area.value;
            try {
                problem.show('');
                status.textContent = 'Saving';
                await save(text);
                stored = text;
                status.textContent = 'Saved';
                changes.dispatchEvent(new Event('saved'));
                return true;
            } catch (error) {
                status.textContent = '';
                problem.show(`This is not saved. ${error.message}`);
                return false;
            }
        });
        return sending;
    };
    area.addEventListener('input', () => { clearTimeout(timer); status.textContent = ''; timer = setTimeout(store, 800); });
    area.addEventListener('change', store);
    changes.fields.push(store);
    return h('label', { class: 'edit' }, h('span', { class: 'row' }, h('span', { class: 'grow' }, label), status), area, problem.element);
}

// A small likeness of a scene: its background and its titles.
function likeness(scene, ratio) {
    const box = h('div', { class: 'likeness', 'aria-hidden': 'true' });
    const colours = (scene.background?.gradient ?? [scene.background?.color]).filter((one) => COLOUR.test(one));
    box.style.aspectRatio = ratio.replace(':', ' / ');
    if (colours.length)
        box.style.background = colours.length > 1 ? `linear-gradient(150deg, ${colours[0]}, ${colours[1]})` : colours[0];
    box.append(...scene.layers.filter((layer) => layer.type === 'text').slice(0, 1).map((layer) => h('span', null, layer.properties.text)));
    return box;
}

function scene_card(video, scene, changes) {
    const voice = scene.layers.filter((layer) => layer.type === 'voiceover');
    const texts = scene.layers.filter((layer) => layer.type === 'text'), others = scene.layers.filter((layer) => layer.type !== 'text');
    const picture = likeness(scene, video.aspect_ratio);
    let spoken = scene.text;
    const narration = saved_field('Narration', scene.text ?? '', 3, async (text) => {
        await call('PUT', `/api/v1/videos/${video.id}/scenes/${scene.id}`, { text });
        for (const layer of voice) // a voice that reads the scene keeps reading it
            if (layer.properties.text === spoken)
                await call('PUT', `/api/v1/layers/${layer.id}`, { properties: { text } }).then(({ layer: now }) => { layer.properties = now.properties; });
        spoken = text;
    }, changes);
    const titles = texts.map((layer, number) => saved_field(texts.length > 1 ? `Text ${number + 1} on screen` : 'Text on screen', layer.properties.text, 1, async (text) => {
        await call('PUT', `/api/v1/layers/${layer.id}`, { properties: { text } });
        if (number === 0 && picture.firstChild)
            picture.firstChild.textContent = text;
    }, changes));
    return h('li', { class: 'card scene' }, picture, h('div', { class: 'grow' },
        h('div', { class: 'row' }, h('h3', null, `Scene ${scene.scene_number}`), h('span', { class: 'soft' }, `${clock(scene.start_time)} – ${clock(scene.end_time)}`)),
        titles, narration, others.length > 0 && h('p', { class: 'chips', 'aria-label': 'Other layers' }, others.map((layer) => h('span', { class: 'chip' }, layer.name)))));
}

function film_card(video, changes, signal) {
    const stage = h('div', { class: 'screen' }), state = meter(), problem = notice(), links = h('span');
    const button = h('button', { class: 'button primary', type: 'submit' }, icon('film'), 'Render');
    stage.style.aspectRatio = video.aspect_ratio.replace(':', ' / ');
    function show(url) {
        stage.replaceChildren(url ? h('video', { src: url, controls: true, preload: 'metadata', 'aria-label': `Film: ${video.title}` }) : h('p', { class: 'soft' }, 'The film appears here once it is rendered.'));
        links.replaceChildren(...(url ? [h('a', { class: 'button', href: `${url}&download=true`, download: `${video.title}.mp4` }, icon('download'), 'Download')] : []));
    }
    async function follow(job_id) {
        button.disabled = true;
        for (;;) {
            const { render } = await get(`/api/v1/renders/${job_id}`, signal);
            if (render.status === 'completed') {
                state.set(`Rendered: ${clock(render.duration)}`);
                toast('The film is ready.');
                return show(render.video_url);
            }
            if (render.status === 'failed' || render.status === 'cancelled') {
                state.set('');
                throw new Error(render.error ? `The film could not be rendered. ${render.error}` : 'The rendering was stopped.');
            }
            const left = render.estimated_time_remaining > 1 ? `, about ${count(Math.ceil(render.estimated_time_remaining), 'second')} left` : '';
            state.set(render.status === 'pending' ? 'Waiting for its turn' : `Rendering, ${render.progress} %${left}`, render.progress / 100);
            await pause(700, signal);
        }
    }
    const form = h('form', { class: 'render', onsubmit: working(button, problem, async () => {
        const stored = await Promise.all(changes.fields.map((store) => store()));
        if (!stored.every(Boolean))
            throw new Error('A change below could not be saved; look at its message, then render again.');
        state.set('Starting', 0);
        try {
            await follow((await call('POST', `/api/v1/videos/${video.id}/render`, { quality: form.elements.quality.value })).job_id);
        } catch (error) {
            state.set('');
            throw error;
        }
    }) }, select('quality', 'Size', QUALITIES, '720p'), button, links, state.element, problem.element);
    show(video.video_url);
    changes.addEventListener('saved', () => video.video_url || links.childElementCount ? state.set('Changed since this film') : null);
    get(`/api/v1/videos/${video.id}/renders?limit=1`, signal).then(({ renders: [newest] }) => {
        if (newest && (newest.status === 'pending' || newest.status === 'processing'))
            return working(button, problem, () => follow(newest.job_id))();
    }).catch(() => {}); // the list is a courtesy: without it one renders again
    return h('section', { class: 'card film', 'aria-label': 'Film' }, stage, form);
}

export async function video(signal, id) {
    const [{ video: row }, { scenes }] = await Promise.all([get(`/api/v1/videos/${id}`, signal), get(`/api/v1/videos/${id}/scenes`, signal)]);
    const changes = Object.assign(new EventTarget(), { fields: [] });
    const warnings = news.get(id) ?? [];
    news.delete(id);
    return h('section', null, h('a', { class: 'back', href: '#/videos' }, icon('back'), 'Videos'),
        h('div', { class: 'head' }, h('h1', null, row.title), h('span', { class: 'soft' }, `${count(row.scene_count, 'scene')} · ${clock(row.duration)}`)),
        warnings.length > 0 && h('div', { class: 'warning', role: 'status' }, h('strong', null, 'Please look at this before you render'), h('ul', null, warnings.map((one) => h('li', null, one.message)))),
        h('div', { class: 'split film-split' }, film_card(row, changes, signal),
            h('section', { 'aria-labelledby': 'scenes' }, h('h2', { id: 'scenes' }, 'Scenes'), h('ol', { class: 'scenes' }, scenes.map((scene) => scene_card(row, scene, changes))))));
}
