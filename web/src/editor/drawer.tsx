// SPDX-License-Identifier: GPL-3.0-or-later
// What can be put into a scene: texts, shapes and effects; pictures and films; sounds; voices; presenters.
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { on_uploaded, upload_files } from '../api/uploads.ts';
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Waveform } from '../parts/waveform.tsx';
import { t } from '../strings/index.ts';
import { learn } from './assets.ts';
import { drawer, type Tab } from './drawer-state.ts';
import { Imagine } from './imagine.tsx';
import { type_icon } from './layer-list.tsx';
import { add_layer, change_layer, change_scene, change_video, layer, scene, time, type LayerType } from './store.ts';
import { subject } from './inspector.tsx';

interface Thing { id: string; name: string; picture?: string | null; wave?: string | null; length?: number | null; sound?: string | null; premium?: boolean; about?: string; make: () => { type: LayerType; properties: Record<string, any>; duration?: number } }

const room = (length?: number | null) => (scene.value ? Math.min(length || Infinity, scene.value.duration) : undefined);

async function read_media(search: string): Promise<Thing[]> {
    const told = await call('GET /api/v1/media/library', { query: { search: search || undefined, limit: 60 } });
    return told.media.map((one) => {
        const size = one.dimensions as { width?: number; height?: number } | null;
        learn(one.id!, { name: one.title ?? '', aspect: size?.width && size.height ? size.width / size.height : undefined, thumbnail_url: one.thumbnail_url ?? undefined, url: one.url ?? undefined, duration: one.duration ?? undefined });
        return { id: one.id!, name: one.title ?? '', picture: one.thumbnail_url, length: one.duration, premium: one.is_premium,
            make: () => ({ type: 'media' as const, properties: { media_id: one.id, media_type: one.type, ...(one.type === 'video' && { volume: 1, loop: false }) }, duration: one.type === 'video' ? room(one.duration) : undefined }) };
    });
}

async function read_audio(search: string): Promise<Thing[]> {
    const told = await call('GET /api/v1/audio/library', { query: { search: search || undefined, limit: 60 } });
    return told.audio.map((one) => {
        learn(one.id!, { name: one.title ?? '', waveform_url: one.waveform_url ?? undefined, duration: one.duration ?? undefined });
        return { id: one.id!, name: one.title ?? '', wave: one.waveform_url, length: one.duration, sound: one.url, premium: one.is_premium, about: one.artist ?? '',
            make: () => ({ type: 'audio' as const, properties: { audio_id: one.id }, duration: room(one.duration) }) };
    });
}

async function read_voices(search: string): Promise<Thing[]> {
    const told = await call('GET /api/v1/voices', { query: { search: search || undefined } });
    return told.voices.map((one) => ({ id: one.id!, name: one.name ?? '', about: [one.language, one.dialect, one.style].filter(Boolean).join(', '), sound: one.sample_url, premium: one.is_premium,
        make: () => ({ type: 'voiceover' as const, properties: { voice_id: one.id, voice_name: one.name } }) }));
}

async function read_avatars(search: string): Promise<Thing[]> {
    const told = await call('GET /api/v1/avatars', { query: { search: search || undefined, limit: 60 } });
    return told.avatars.map((one) => ({ id: one.id!, name: one.name ?? '', picture: one.thumbnail_url, premium: one.is_premium, about: one.style ?? '',
        make: () => ({ type: 'avatar' as const, properties: { avatar_id: one.id, position: { x: 75, y: 50 } } }) }));
}

const readers: Record<Exclude<Tab, 'add'>, (search: string) => Promise<Thing[]>> = { media: read_media, audio: read_audio, voices: read_voices, avatars: read_avatars };

function take(thing: Thing) {
    const into = drawer.value?.into, one = layer.value;
    if (into && subject.value === 'video')
        change_video(into === 'audio_id' ? { music: { audio_id: thing.id } } : into === 'logo_media_id' ? { brand: { logo_media_id: thing.id } } : { background: { media_id: thing.id } });
    else if (into && one && into in { media_id: 1, audio_id: 1, voice_id: 1, avatar_id: 1 })
        change_layer(one.id, { name: thing.name, properties: { [into]: thing.id } });
    else if (into && scene.value)
        change_scene(scene.value.id, { background: { media_id: thing.id } });
    else {
        const made = thing.make();
        add_layer(made.type, thing.name || t.editor.types[made.type], made.properties, { duration: made.duration });
    }
    drawer.value = null;
}

const simple = (): Array<{ type: LayerType; name: string; properties: Record<string, any> }> => [
    { type: 'text', name: t.editor.title, properties: { text: t.editor.title_text, font_size: 72, font_weight: 'bold' } },
    { type: 'text', name: t.editor.types.text, properties: { text: t.editor.text_text, font_size: 44 } },
    { type: 'shape', name: t.editor.choices.rectangle, properties: { shape: 'rectangle' } },
    { type: 'shape', name: t.editor.choices.ellipse, properties: { shape: 'ellipse' } },
    { type: 'shape', name: t.editor.choices.arrow, properties: { shape: 'arrow', width: 24, height: 10 } },
    { type: 'shape', name: t.editor.choices.star, properties: { shape: 'star' } },
    { type: 'effect', name: t.editor.choices.blur, properties: { effect: 'blur' } },
    { type: 'effect', name: t.editor.choices.vignette, properties: { effect: 'vignette' } },
    { type: 'effect', name: t.editor.choices.grayscale, properties: { effect: 'grayscale', intensity: 1 } },
];

function Simple() {
    return (
        <ul class="things">
            {simple().map((one) => (
                <li key={one.name}><button type="button" class="thing plain" onClick={() => { add_layer(one.type, one.name, one.properties, { start_time: 0 }); drawer.value = null; }}><Icon name={type_icon[one.type]} /><span class="cut">{one.name}</span></button></li>
            ))}
        </ul>
    );
}

function Things({ tab }: { tab: Exclude<Tab, 'add'> }) {
    const [search, set_search] = useState('');
    const [list, set_list] = useState<Thing[] | null>(null);
    const [failed, set_failed] = useState('');
    const read = () => readers[tab](search).then((found) => (set_list(found), set_failed('')), (error) => set_failed(error.message));
    useEffect(() => () => void (player?.pause(), (heard.value = '')), []);
    useEffect(() => {
        const timer = setTimeout(() => void read(), list ? 200 : 0);
        const end = on_uploaded(() => void read());
        return () => (clearTimeout(timer), end());
    }, [tab, search]);
    return (
        <>
            <input class="input tight" type="search" aria-label={t.library.search} placeholder={t.library.search} value={search} onInput={(event) => set_search(event.currentTarget.value)} />
            {tab === 'media' && <Imagine done={() => void read()} />}
            {failed && <p class="error" role="alert">{failed}</p>}
            {list?.length === 0 && <p class="muted small">{t.editor.drawer_empty[tab]}</p>}
            <ul class={`things ${tab}`}>
                {list?.map((one) => (
                    <li key={one.id}>
                        <button type="button" class="thing" onClick={() => take(one)} draggable onDragStart={(event) => { event.dataTransfer!.setData('text/x-kinora', one.id); dragged = one; }}>
                            {one.picture ? <img src={one.picture} alt="" loading="lazy" /> : one.wave ? <Waveform url={one.wave} /> : <span class="no-picture"><Icon name={tab === 'audio' ? 'sound' : tab === 'voices' ? 'voice' : tab === 'avatars' ? 'avatar' : 'picture'} /></span>}
                            <span class="cut">{one.name}</span>
                            <span class="small muted cut">{[one.premium && t.editor.premium, one.length ? clock(one.length) : one.about].filter(Boolean).join(' · ')}</span>
                        </button>
                        {one.sound && <Button kind="plain tight" icon={heard.value === one.sound ? 'pause' : 'play'} label={t.editor.listen(one.name)} act={() => listen(one.sound!)} />}
                    </li>
                ))}
            </ul>
        </>
    );
}
let dragged: Thing | null = null;

// One sound at a time.
const heard = signal('');
let player: HTMLAudioElement | null = null;
function listen(url: string) {
    const again = heard.value === url;
    player?.pause();
    heard.value = again ? '' : url;
    if (again)
        return;
    player = new Audio(url);
    player.onended = player.onerror = () => void (heard.value = '');
    void player.play().catch(() => (heard.value = ''));
}

// Dropped on the canvas or the timeline; files of the computer become layers once they are uploaded.
export function drop_thing(event: DragEvent) {
    if (event.dataTransfer?.files.length) {
        event.preventDefault();
        upload_files(event.dataTransfer.files);
        drawer.value = { tab: 'media' };
    } else if (dragged && event.dataTransfer?.types.includes('text/x-kinora')) {
        event.preventDefault();
        take(dragged);
        dragged = null;
    }
}

export function Drawer() {
    const open = drawer.value;
    if (!open)
        return null;
    void time.value;
    const tabs: Tab[] = ['add', 'media', 'audio', 'voices', 'avatars'];
    return (
        <section class="drawer" aria-label={t.editor.drawer} onKeyDown={(event) => event.key === 'Escape' && (event.stopPropagation(), (drawer.value = null))}>
            <header class="row between"><h2>{open.into ? t.editor.choose : t.editor.drawer}</h2><Button kind="plain tight" icon="close" label={t.close} act={() => void (drawer.value = null)} /></header>
            <div class="tabs" role="group" aria-label={t.library.show}>{tabs.filter((tab) => !open.into || tab !== 'add').map((tab) => <Button key={tab} aria-pressed={open.tab === tab} act={() => void (drawer.value = { ...open, tab })}>{t.editor.tabs[tab]}</Button>)}</div>
            {open.tab === 'add' ? <Simple /> : <Things key={open.tab} tab={open.tab} />}
        </section>
    );
}
