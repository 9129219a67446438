// SPDX-License-Identifier: GPL-3.0-or-later
// Which screen is shown, inside which house. Screens come as files of their own when they are first wanted.
import { signal, useSignalEffect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { session } from '../api/session.ts';
import { Failure } from '../parts/field.tsx';
import { Button } from '../parts/button.tsx';
import { Questions } from '../parts/dialog.tsx';
import { Toasts } from '../parts/toasts.tsx';
import { t } from '../strings/index.ts';
import { Uploads } from '../screens/uploads.tsx';
import { House } from './house.tsx';
import { go, route } from './router.ts';

type Screen = ComponentType<{ id: string; query: URLSearchParams }>;
const screens: Record<string, () => Promise<{ default: Screen }>> = {
    library: () => import('../screens/library.tsx'),
    media: () => import('../screens/media.tsx'),
    videos: () => import('../screens/videos.tsx'),
    new: () => import('../screens/new-video.tsx'),
    edit: () => import('../editor/editor.tsx'),
    saver: () => import('../screens/saver.tsx'),
    jobs: () => import('../screens/jobs.tsx'),
    admin: () => import('../screens/admin.tsx'),
    profile: () => import('../screens/profile.tsx'),
};
const bare = new Set(['edit']); // these bring a house of their own

function Loaded({ name, id, query }: { name: string; id: string; query: URLSearchParams }) {
    const [screen, set_screen] = useState<{ name: string; is: Screen } | null>(null);
    const [failed, set_failed] = useState(false);
    useEffect(() => {
        let gone = false;
        set_failed(false);
        screens[name]!().then((module) => !gone && set_screen({ name, is: module.default })).catch(() => !gone && set_failed(true));
        return () => void (gone = true);
    }, [name]);
    if (failed)
        return <div class="page"><Failure action={<Button kind="tight" act={() => location.reload()}>{t.reload}</Button>}>{t.error.screen}</Failure></div>;
    if (!screen || screen.name !== name)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    const Is = screen.is;
    return <Is key={`${name}/${id}`} id={id} query={query} />;
}

const Gate = (() => {
    let loaded: ComponentType<{ first: boolean }> | null = null;
    const ready = signal(false);
    return ({ first }: { first: boolean }) => {
        useEffect(() => void import('../screens/gate.tsx').then((module) => ((loaded = module.default), (ready.value = true))), []);
        const Is = loaded;
        return ready.value && Is ? <Is first={first} /> : null;
    };
})();

export function App() {
    const [first, set_first] = useState<boolean | null>(session.value ? false : null);
    useSignalEffect(() => {
        if (!session.value)
            call('GET /ready').then((ready) => set_first(!!ready.setup_needed)).catch(() => set_first(false));
        else
            set_first(false);
    });
    const { screen, id, query } = route.value;
    const known = screens[screen] ? screen : 'library';
    useEffect(() => {
        document.title = `${t.titles[known as keyof typeof t.titles] ?? 'Kinora'} · Kinora`;
        if (session.value && screen !== known)
            go('library', true);
    }, [known, screen, session.value]);
    if (!session.value)
        return <>{first === null ? null : <Gate first={first} />}<Toasts /></>;
    const inside = <Loaded name={known} id={id} query={query} />;
    return (
        <>
            <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}>{t.skip}</a>
            {bare.has(known) ? inside : <House screen={known}>{inside}</House>}
            <Uploads />
            <Questions />
            <Toasts />
        </>
    );
}
