// SPDX-License-Identifier: GPL-3.0-or-later
// One file: its player beside what is said in it. Words seek; the one being spoken is lit.
import { call, follow_file, get } from './api.js';
import { clock, h, icon, notice, percent, toast, working } from './dom.js';
import { facts, is_sound, meter, under_way } from './library.js';

const UNSURE = 0.5;

function player_of(file) {
    if (!is_sound(file))
        return h('img', { class: 'picture', src: file.proxy_url ?? file.content_url, alt: file.name });
    return h(file.media_type, { class: 'player', src: file.proxy_url ?? file.content_url, poster: file.poster_url, controls: true, preload: 'metadata', 'aria-label': `Player: ${file.name}` });
}

// The last word that starts at or before `time`, or -1.
function word_at(words, time) {
    let low = 0, high = words.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (words[middle].start <= time + 0.02)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

// The text as words that seek. Arrows go from word to word, Enter plays from there.
function reading(result, speakers, player, signal) {
    const words = [], box = h('div', { class: 'words', tabindex: '0', role: 'group', 'aria-label': 'Transcript. Arrow keys go from word to word, Enter plays from there.' });
    const names = [...new Set(speakers)];
    let lit = -1;
    const seek = (index) => {
        player.currentTime = words[index].start;
        light(index);
    };
    const light = (index) => {
        if (index === lit)
            return;
        words[lit]?.element.classList.remove('now');
        lit = index;
        const element = words[lit]?.element;
        element?.classList.add('now');
        if (element && box.scrollHeight > box.clientHeight) {
            const top = element.offsetTop - box.offsetTop;
            if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 48)
                box.scrollTo({ top: top - 48, behavior: 'smooth' });
        }
    };
    for (const [number, segment] of result.segments.entries()) {
        const speaker = names.length > 1 && speakers[number] !== speakers[number - 1] ? `Speaker ${names.indexOf(speakers[number]) + 1}` : null;
        const line = h('p', null, speaker && h('strong', { class: 'speaker' }, speaker),
            h('button', { class: 'time', 'aria-label': `Play from ${clock(segment.startTime)}`, onclick: () => { player.currentTime = segment.startTime; player.play(); } }, clock(segment.startTime)));
        for (const word of segment.words) {
            const unsure = word.confidence != null && word.confidence < UNSURE;
            const element = h('span', { class: unsure ? 'word unsure' : 'word', title: unsure ? 'Kinora is not sure of this word' : null, 'data-index': String(words.length) }, word.text);
            words.push({ start: word.startTime, end: word.endTime, element });
            line.append(element, ' ');
        }
        box.append(line);
    }
    box.addEventListener('click', (event) => {
        const index = event.target.dataset.index;
        if (index != null)
            seek(Number(index));
    });
    box.addEventListener('keydown', (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (event.target !== box || (!step && event.key !== 'Enter') || !words.length)
            return;
        event.preventDefault();
        if (step)
            seek(Math.max(0, Math.min(words.length - 1, lit + step)));
        else
            player.play();
    });
    const follow = () => {
        const index = word_at(words, player.currentTime);
        light(index >= 0 && player.currentTime <= words[index].end + 0.4 && player.currentTime > 0 ? index : -1);
        if (!player.paused && !signal.aborted)
            requestAnimationFrame(follow);
    };
    for (const name of ['play', 'seeked'])
        player.addEventListener(name, follow, { signal });
    return { element: box, unsure: words.some((word) => word.element.classList.contains('unsure')), any: words.length > 0 };
}

// Saves text as a file on the reader's machine.
function save_text(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    h('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function correcting(transcript, on_saved, on_left) {
    const problem = notice();
    const area = h('textarea', { class: 'correct', 'aria-label': 'Text of the transcript', spellcheck: true }, transcript.text);
    const save = h('button', { class: 'button primary' }, 'Save');
    const form = h('form', { onsubmit: working(save, problem, async () => {
        await call('PUT', `/transcriptions/${transcript.id}`, { text: area.value.trim() });
        toast('The transcript is saved. Words that you left as they were keep their times.');
        await on_saved();
    }), onkeydown: (event) => {
        if (event.key === 'Escape')
            on_left();
        else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            form.requestSubmit();
    } }, area, problem.element, h('div', { class: 'row' }, save, h('button', { class: 'button', type: 'button', onclick: on_left }, 'Cancel'), h('small', null, 'Ctrl + Enter saves, Escape leaves.')));
    requestAnimationFrame(() => area.focus());
    return form;
}

function transcript_card(file, player, signal) {
    const body = h('div', { class: 'body' }), actions = h('div', { class: 'row' });
    const card = h('section', { class: 'card transcript', 'aria-labelledby': 'said' }, h('div', { class: 'head' }, h('h2', { id: 'said' }, 'Transcript'), actions), body);
    const fill = (...elements) => body.replaceChildren(...elements);

    async function wait() {
        const state = meter();
        state.set('Waiting for its turn', 0);
        fill(state.element, h('p', { class: 'soft' }, 'You can leave this page; the work goes on.'));
        await follow_file(file.id, (share) => state.set(`Transcribing, ${percent(share)}`, share), signal);
        await refresh();
    }
    function offer(text, label, path, body_of) {
        const problem = notice(), again = h('button', { class: 'button primary' }, label);
        again.addEventListener('click', working(again, problem, async () => {
            await call('POST', path, body_of);
            await refresh();
        }));
        fill(h('p', { class: 'soft' }, text), problem.element, again);
    }
    function read(job, transcript) {
        const result = job.result;
        const speakers = [];
        for (const speaker of transcript.speakers)
            speaker.segments.forEach((index) => { speakers[index] = speaker.id; });
        const view = reading(result, speakers, player, signal);
        const note = view.unsure && h('p', { class: 'soft' }, 'Choose a word to hear it. Kinora is not sure of ', h('span', { class: 'unsure' }, 'words marked like this'), '.');
        fill(...(view.any ? [note || h('p', { class: 'soft' }, 'Choose a word to hear it.'), view.element] : [h('p', { class: 'soft' }, 'No words were heard in this file.')]));
        const text = () => actions.replaceChildren(
            h('button', { class: 'button', onclick: () => {
                actions.replaceChildren();
                fill(correcting({ id: result.id, text: transcript.text }, refresh, () => read(job, transcript)));
            } }, icon('edit'), 'Correct'),
            h('button', { class: 'button', disabled: !transcript.text, onclick: () => save_text(file.name.replace(/\.[^.]*$/, '') + '.txt', transcript.text + '\n') }, icon('download'), 'Text'));
        text();
    }
    async function refresh() {
        const now = await get(`/api/v1/files/${file.id}`, signal);
        actions.replaceChildren();
        if (!now.job_id)
            return offer('What is said in this file has not been written down.', 'Transcribe it', '/api/transcription/start', { mediaId: file.id });
        const job = await get(`/api/transcription/${now.job_id}/status`, signal);
        if (under_way(job))
            return wait();
        if (job.status === 'failed')
            return offer(job.error ?? 'The transcription failed.', 'Try again', `/api/transcription/${now.job_id}/retry`);
        if (job.status === 'cancelled' || !job.result)
            return offer('The transcription was stopped.', 'Transcribe it', '/api/transcription/start', { mediaId: file.id });
        return read(job, await get(`/api/v1/transcriptions/${now.job_id}`, signal));
    }
    refresh().catch((error) => {
        const problem = notice();
        problem.show(error);
        if (!signal.aborted)
            fill(problem.element);
    });
    return card;
}

export async function media(signal, id, second) {
    const file = await get(`/api/v1/files/${id}`, signal);
    const player = player_of(file);
    if (second && is_sound(file))
        player.currentTime = Number(second);
    const stage = h('div', { class: `stage ${file.media_type}` }, player,
        h('a', { class: 'button', href: `${file.content_url}&download=true`, download: file.name }, icon('download'), 'Download the file'));
    return h('section', null, h('a', { class: 'back', href: '#/library' }, icon('back'), 'Library'),
        h('div', { class: 'head' }, h('h1', null, file.name), h('span', { class: 'soft' }, facts(file))),
        h('div', { class: 'split' }, stage, is_sound(file) && transcript_card(file, player, signal)));
}
