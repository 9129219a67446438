// SPDX-License-Identifier: GPL-3.0-or-later
// The videos that one may open.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { on } from '../api/socket.ts';
import { go } from '../app/router.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { clock, day } from '../parts/format.ts';
import { Frame } from '../parts/frame.tsx';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { making_demo } from '../state/demo.ts';
import { tell, toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { save_answer } from './exports.ts';
import './library.css';
import './videos.css';

type Video = Shapes['Video'];
const PAGE = 24;

function Picture({ video }: { video: Video }) {
    const [scene, set_scene] = useState('');
    useEffect(() => {
        if (video.scene_count)
            call('GET /api/v1/videos/{videoId}/scenes', { path: { videoId: video.id! } }).then((answer) => set_scene(answer.scenes[0]?.id ?? '')).catch(() => undefined);
    }, [video.id, video.revision]);
    return scene ? <Frame video_id={video.id!} scene_id={scene} version={video.revision} time={0.8} /> : <Icon name="film" />;
}

export default function Videos() {
    const [videos, set_videos] = useState<Video[] | null>(null);
    const [pages, set_pages] = useState(1);
    const [total, set_total] = useState(0);
    const [failed, set_failed] = useState('');
    const read = async () => {
        const all: Video[] = [];
        let count = 0;
        for (let page = 1; page <= pages; page++) {
            const answer = await call('GET /api/v1/videos', { query: { page, limit: PAGE } });
            all.push(...answer.videos);
            count = answer.pagination.total_items;
        }
        set_videos(all);
        set_total(count);
        set_failed('');
    };
    useEffect(() => {
        const again = () => void read().catch((error) => set_failed(error.message));
        again();
        const ends = ['video:added', 'video:deleted', 'member:added', 'member:deleted'].map((name) => on(name, again));
        return () => ends.forEach((end) => end());
    }, [pages, making_demo.value]);
    const remove = async (video: Video) => {
        if (!(await confirm_it(t.videos.delete_title(video.title ?? ''), t.videos.delete_text, t.delete)))
            return;
        await call('DELETE /api/v1/videos/{videoId}', { path: { videoId: video.id! } });
        toast(t.library.deleted(video.title ?? ''));
        await read();
    };
    return (
        <div class="page">
            <header class="head"><h1 class="grow">{t.titles.videos}</h1><a class="button main" href="#/new"><Icon name="plus" />{t.videos.new}</a></header>
            {failed && <Failure action={<Button kind="tight" act={read}>{t.again}</Button>}>{failed}</Failure>}
            {!videos && !failed && <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>}
            {making_demo.value && <p class="row" role="status"><span class="spinner" />{t.videos.making_demo}</p>}
            {videos?.length === 0 && !making_demo.value && <div class="empty"><Icon name="film" /><h2>{t.videos.empty}</h2><p>{t.videos.empty_text}</p><a class="button main" href="#/new">{t.videos.new}</a></div>}
            {!!videos?.length && (
                <ul class="video-grid" aria-label={t.titles.videos}>
                    {videos.map((video) => (
                        <li key={video.id}>
                            <article class="tile">
                                <div class="picture"><Picture video={video} />{!!video.duration && <span class="length">{clock(video.duration)}</span>}</div>
                                <div class="about">
                                    <a class="cut" href={`#/edit/${video.id}`} title={video.title ?? ''}>{video.title}</a>
                                    <Menu label={t.library.actions(video.title ?? '')} kind="plain tight" items={[
                                        { label: t.videos.open, icon: 'edit', act: () => go(`edit/${video.id}`) },
                                        ...(video.video_url ? [{ label: t.download, icon: 'download' as const, href: `${video.video_url}&download=true` }] : []),
                                        { label: t.videos.export, icon: 'download', act: async () => save_answer(await call('GET /api/v1/videos/{videoId}/export', { path: { videoId: video.id! }, query: { format: 'zip' } }), `${video.title}.zip`) },
                                        { label: t.delete, icon: 'trash', bad: true, act: () => remove(video).catch(tell) },
                                    ]} />
                                    <p class="cut">{t.videos.scenes(video.scene_count)} · {day(video.updated_at)}</p>
                                </div>
                            </article>
                        </li>
                    ))}
                </ul>
            )}
            {videos && total > videos.length && <div class="row" style={{ justifyContent: 'center' }}><Button act={() => set_pages(pages + 1)}>{t.more}</Button></div>}
        </div>
    );
}
