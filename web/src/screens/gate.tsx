// SPDX-License-Identifier: GPL-3.0-or-later
// Before the house: the first account, signing in.
import { useState } from 'preact/hooks';
import { ApiError, call, sign_in } from '../api/client.ts';
import { go, route } from '../app/router.ts';
import icon from '../icon.svg';
import { Failure, TextField } from '../parts/field.tsx';
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

const demo_script = () => t.demo.script;

// Something to open, change and render at once.
async function make_demo() {
    await call('POST /api/v1/videos/from-script', { body: { script: demo_script(), title: t.demo.title, avatar_id: 'amy' } })
        .catch(() => call('POST /api/v1/videos/from-script', { body: { script: demo_script(), title: t.demo.title } }));
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
        await sign_in(username!, password!);
        await make_demo().catch(() => undefined); // without it everything else works
        go('videos');
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
        </form>
    );
}

export default function Gate({ first }: { first: boolean }) {
    void route.value;
    return <main class="gate" id="main">{first ? <First /> : <SignIn />}</main>;
}
