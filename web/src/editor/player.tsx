// SPDX-License-Identifier: GPL-3.0-or-later
// The film over the canvas while it plays, and the buttons below.
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { t } from '../strings/index.ts';
import { play, playing, stop } from './play.ts';
import { now, scene, seek, total } from './store.ts';

export function Film() {
    const film = useRef<HTMLVideoElement>(null);
    const going = playing.value;
    useEffect(() => {
        const element = film.current;
        if (!element || going?.state !== 'ready')
            return;
        let frame = 0;
        const follow = () => {
            seek(going.start + element.currentTime);
            frame = requestAnimationFrame(follow);
        };
        element.currentTime = going.from;
        void element.play().then(() => (frame = requestAnimationFrame(follow))).catch(() => undefined);
        return () => cancelAnimationFrame(frame);
    }, [going?.url]);
    if (!going)
        return null;
    if (going.state === 'making')
        return <div class="film-wait" role="status"><span class="spinner" /><span>{t.editor.making_draft(going.progress)}</span><Button kind="tight" act={stop}>{t.cancel}</Button></div>;
    return <video ref={film} class="film" src={going.url} playsInline aria-label={t.editor.draft} onEnded={stop} onClick={stop} />;
}

export function PlayBar() {
    const going = playing.value;
    return (
        <div class="play-bar">
            {going ? <Button kind="main" icon="pause" act={stop}>{t.editor.stop}</Button> : (
                <>
                    <Button icon="play" disabled={!scene.value} act={() => void play('scene')}>{t.editor.play_scene}</Button>
                    <Button kind="plain" icon="film" disabled={!scene.value} act={() => void play('video')}>{t.editor.play_all}</Button>
                </>
            )}
            <span class="mono">{clock(now.value, true)} / {clock(total.value, true)}</span>
        </div>
    );
}
