// SPDX-License-Identifier: GPL-3.0-or-later
// Before the house: the first account, signing in.
import { useState } from 'preact/hooks';
import { ApiError, call, sign_in } from '../api/client.ts';
import { go, route } from '../app/router.ts';
import icon from '../icon.svg';
import { Failure, TextField } from '../parts/field.tsx';
import { making_demo } from '../state/demo.ts';
import { t } from '../strings/index.ts';

type Failed = { text: string; fields: Record<string, string> } | null;
const failed_of = (error: unknown): Failed => ({
    text: (error as Error).message,
    fields: Object.fromEntries(error instanceof ApiError ? error.problems.map((one) => [one.field, one.reason]) : []),
});

function use_form(send: (values: Record<string, string>) => Promise<unknown>) {
    const [failed, set_failed] = useState<Failed>(null);
    const [busy, set_busy] = useState(false);
    const submit = async (event: Event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
        set_busy(true);
        set_failed(null);
        await send(values).catch((error) => set_failed(failed_of(error)));
        set_busy(false);
    };
    return { failed, busy, submit };
}

// Stock pictures behind the scenes, darkened so that words stay readable, and stock music under them.
async function dress(videoId: string) {
    const [pictures, sounds] = await Promise.all([
        call('GET /api/v1/media/library', { query: { source: 'stock', type: 'image', limit: 100 } }), call('GET /api/v1/audio/library', { query: { source: 'stock', category: 'music', limit: 100 } }),
    ]);
    const free = pictures.media.filter((one) => !one.is_premium), tune = sounds.audio.find((one) => !one.is_premium);
    if (tune)
        await call('PUT /api/v1/videos/{videoId}', { path: { videoId }, body: { music: { audio_id: tune.id } } });
    const { scenes } = await call('GET /api/v1/videos/{videoId}/scenes', { path: { videoId } });
    for (const [i, scene] of scenes.entries()) {
        const picture = free[i * Math.max(1, Math.floor(free.length / scenes.length)) % Math.max(1, free.length)];
        if (!picture)
            return;
        await call('PUT /api/v1/videos/{videoId}/scenes/{sceneId}', { path: { videoId, sceneId: scene.id! }, body: { background: { media_id: picture.id } } });
        await call('POST /api/v1/scenes/{sceneId}/layers', { path: { sceneId: scene.id! }, body: { type: 'effect', name: t.demo.shade, duration: scene.duration, order_index: scene.layers.length + 1, properties: { effect: 'color_overlay', color: '#0c1020', intensity: 0.55 } } });
    }
}

// Something to open, change and render at once; dressed with stock where that is installed.
async function make_demo() {
    const body = { script: t.demo.script, title: t.demo.title };
    const { video } = await call('POST /api/v1/videos/from-script', { body: { ...body, avatar_id: 'amy' } }).catch(() => call('POST /api/v1/videos/from-script', { body }));
    await dress(video.id!);
}

function First() {
    const [code, set_code] = useState(false);
    const { failed, busy, submit } = use_form(async ({ username, email, password, setup_code }) => {
        try {
            await call('POST /users', { body: { username: username!, email: email!, password: password! }, headers: setup_code ? { 'X-Setup-Code': setup_code } : {} });
        } catch (error) {
            if ((error as ApiError).code === 'SETUP_CODE_REQUIRED')
                set_code(true);
            throw error;
        }
        go('videos');
        making_demo.value = true;
        await sign_in(username!, password!);
        await make_demo().catch(() => undefined); // without it everything else works
        making_demo.value = false;
    });
    return (
        <form class="card" onSubmit={submit}>
            <Head title={t.gate.welcome} text={t.gate.first} />
            {failed && <Failure>{failed.text}</Failure>}
            <TextField label={t.gate.username} name="username" autocomplete="username" required autofocus wrong={failed?.fields.username} />
            <TextField label={t.gate.email} name="email" type="email" autocomplete="email" required wrong={failed?.fields.email} />
            <TextField label={t.gate.password} name="password" type="password" autocomplete="new-password" minLength={8} required help={t.gate.password_help} wrong={failed?.fields.password} />
            {code && <TextField label={t.gate.setup_code} name="setup_code" required help={t.gate.setup_code_help} />}
            <button class="button main" disabled={busy}>{busy ? <span class="spinner" /> : t.gate.make_account}</button>
        </form>
    );
}

function Head({ title, text }: { title: string; text: string }) {
    return <header class="stack"><span class="brand"><img src={icon} alt="" />Kinora</span><div><h1>{title}</h1><p class="muted">{text}</p></div></header>;
}

function SignIn() {
    const { failed, busy, submit } = use_form(({ username, password }) => sign_in(username!, password!));
    return (
        <form class="card" onSubmit={submit}>
            <Head title={t.gate.sign_in} text={t.gate.sign_in_text} />
            {failed && <Failure>{failed.text}</Failure>}
            <TextField label={t.gate.name_or_email} name="username" autocomplete="username" required autofocus />
            <TextField label={t.gate.password} name="password" type="password" autocomplete="current-password" required />
            <button class="button main" disabled={busy}>{busy ? <span class="spinner" /> : t.gate.sign_in}</button>
            <a class="small" href="#/reset-password">{t.gate.forgot}</a>
        </form>
    );
}

// "Forgot your password?", and the way back from the mail.
function Request() {
    const [sent, set_sent] = useState(false);
    const { failed, busy, submit } = use_form(async ({ email }) => {
        await call('POST /api/v1/password-reset/request-reset', { body: { email: email! } });
        set_sent(true);
    });
    return (
        <form class="card" onSubmit={submit}>
            <Head title={t.gate.reset} text={t.gate.reset_text} />
            {failed && <Failure>{failed.text}</Failure>}
            {sent ? <p role="status">{t.gate.reset_sent}</p> : <TextField label={t.gate.email} name="email" type="email" autocomplete="email" required autofocus />}
            {!sent && <button class="button main" disabled={busy}>{t.gate.reset_send}</button>}
            <a href="#/">{t.gate.back}</a>
        </form>
    );
}

function SetPassword({ token }: { token: string }) {
    const [done, set_done] = useState(false);
    const { failed, busy, submit } = use_form(async ({ password }) => {
        await call('POST /api/v1/password-reset/reset', { body: { token, new_password: password! } });
        set_done(true);
    });
    return (
        <form class="card" onSubmit={submit}>
            <Head title={t.gate.reset} text={done ? t.gate.is_set : t.gate.set_text} />
            {failed && <Failure>{failed.text}</Failure>}
            {!done && <TextField label={t.gate.password} name="password" type="password" autocomplete="new-password" minLength={8} required autofocus help={t.gate.password_help} />}
            {done ? <a class="button main" href="#/">{t.gate.sign_in}</a> : <button class="button main" disabled={busy}>{t.gate.set}</button>}
        </form>
    );
}

export default function Gate({ first }: { first: boolean }) {
    const { screen, query } = route.value;
    return (
        <main class="gate" id="main">
            {first ? <First /> : screen === 'reset-password' ? (query.get('token') ? <SetPassword token={query.get('token')!} /> : <Request />) : <SignIn />}
        </main>
    );
}
