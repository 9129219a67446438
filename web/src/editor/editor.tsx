// SPDX-License-Identifier: GPL-3.0-or-later
// The scene editor.
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { t } from '../strings/index.ts';
import { Canvas } from './canvas.tsx';
import { Drawer, drop_thing } from './drawer.tsx';
import { drawer } from './drawer-state.ts';
import { Inspector, subject } from './inspector.tsx';
import { help, on_key } from './keys.ts';
import { LayerList } from './layer-list.tsx';
import { follow } from './live.ts';
import { Members, Present } from './people.tsx';
import { Film, PlayBar } from './player.tsx';
import { stop } from './play.ts';
import { saved } from './queue.ts';
import { read_touched, RenderDialog } from './render.tsx';
import { SceneList } from './scene-list.tsx';
import { ScriptBar } from './script-bar.tsx';
import { change_video, layer_id, open, redo, select_scene, shut, undo, video } from './store.ts';
import { Timeline } from './timeline.tsx';
import './editor.css';

function Saved() {
    const how = saved.value;
    return <span class="saved" data-state={how} role="status"><Icon name={how === 'offline' ? 'offline' : how === 'saving' ? 'refresh' : 'check'} />{t.editor.save_states[how]}</span>;
}

function Title() {
    const settle = (event: Event) => {
        const field = event.currentTarget as HTMLInputElement, text = field.value.trim();
        if (text && text !== video.value?.title)
            change_video({ title: text });
        else
            field.value = video.value?.title ?? '';
    };
    return <input class="title" aria-label={t.new_video.title} value={video.value?.title ?? ''} maxLength={255} onBlur={settle} onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()} />;
}

function Help() {
    if (!help.value)
        return null;
    return (
        <Dialog title={t.editor.keys_title} close={() => void (help.value = false)}>
            <dl class="keys">{t.editor.keys.map(([keys, text]) => <div key={text}><dt>{keys!.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{text}</dd></div>)}</dl>
        </Dialog>
    );
}

function Top({ render, share }: { render: () => void; share: () => void }) {
    return (
        <header class="editor-top">
            <a class="button plain icon" href="#/videos" aria-label={t.titles.videos}><Icon name="back" /></a>
            <Title />
            <Saved />
            <span class="grow" />
            <Present />
            <Button kind="plain" icon="undo" label={t.editor.undo} act={undo} />
            <Button kind="plain" icon="redo" label={t.editor.redo} act={redo} />
            <Button kind="plain" icon="help" label={t.editor.keys_title} act={() => void (help.value = true)} />
            <Button icon="share" act={share}>{t.library.share}</Button>
            <Button kind="main" icon="film" act={render}>{t.editor.render}</Button>
        </header>
    );
}

export default function Editor({ id, query }: { id: string; query: URLSearchParams }) {
    const [failed, set_failed] = useState('');
    const [rendering, set_rendering] = useState(false);
    const [sharing, set_sharing] = useState(false);
    useEffect(() => {
        let leave = () => {};
        let gone = false;
        open(id).then(() => {
            if (gone)
                return;
            if (query.get('scene'))
                select_scene(query.get('scene')!);
            if (query.get('layer'))
                layer_id.value = query.get('layer')!;
            leave = follow(id);
            void read_touched(id).catch(() => undefined);
        }).catch((error) => set_failed(error.message));
        addEventListener('keydown', on_key);
        return () => {
            gone = true;
            leave();
            stop();
            drawer.value = null;
            subject.value = 'selection';
            removeEventListener('keydown', on_key);
            shut();
        };
    }, [id]);
    if (failed)
        return <main class="page" id="main"><Failure action={<a class="button tight" href="#/videos">{t.titles.videos}</a>}>{failed}</Failure></main>;
    if (!video.value)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    return (
        <main class="editor" id="main" tabIndex={-1} onDragOver={(event) => event.preventDefault()} onDrop={drop_thing}>
            <h1 class="hidden-text">{video.value.title}</h1>
            <Top render={() => set_rendering(true)} share={() => set_sharing(true)} />
            <SceneList />
            <section class="stage">
                <div class="stage-tools">
                    <Button kind="tight" icon="plus" aria-expanded={drawer.value !== null} act={() => void (drawer.value = drawer.value ? null : { tab: 'add' })}>{t.editor.add}</Button>
                    {(['media', 'audio', 'voices', 'avatars'] as const).map((tab) => <Button key={tab} kind="plain tight" act={() => void (drawer.value = { tab })}>{t.editor.tabs[tab]}</Button>)}
                    <span class="grow" />
                    <PlayBar />
                </div>
                <div class="stage-room"><Canvas /><Film /></div>
                <ScriptBar />
            </section>
            <div class="right"><LayerList /><Inspector /></div>
            <Timeline />
            <Drawer />
            <Help />
            {rendering && <RenderDialog close={() => set_rendering(false)} />}
            {sharing && <Members close={() => set_sharing(false)} />}
        </main>
    );
}
