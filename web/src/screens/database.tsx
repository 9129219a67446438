// SPDX-License-Identifier: GPL-3.0-or-later
// The database as a file: out, and in again.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { moment } from '../parts/format.ts';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { save_answer } from './exports.ts';

export function Database() {
    const [failed, set_failed] = useState('');
    const [last, set_last] = useState<Shapes['DatabaseImportState'] | null>(null);
    useEffect(() => void call('GET /api/v1/database/import').then(set_last).catch(() => undefined), []);
    const import_it = async (file: File) => {
        if (!(await confirm_it(t.admin.import_title, t.admin.import_text, t.admin.import)))
            return;
        const form = new FormData();
        form.append('file', file);
        set_failed('');
        try {
            toast((await call('POST /api/v1/database/import', { body: form })).message ?? t.saved);
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    const choose = (event: Event) => {
        const field = event.currentTarget as HTMLInputElement, file = field.files?.[0];
        if (file)
            void import_it(file);
        field.value = '';
    };
    return (
        <section class="stack">
            <h2>{t.admin.database}</h2>
            {failed && <Failure>{failed}</Failure>}
            <div class="row wrap">
                <Button icon="download" act={async () => save_answer(await call('GET /api/v1/database/export'), 'kinora.sql')}>{t.admin.export}</Button>
                <label class="button"><input type="file" accept=".sql" class="hidden-text" onChange={choose} />{t.admin.import}</label>
                <span class="small muted">{t.admin.database_text}</span>
            </div>
            {last?.finished_at && <p class="small muted">{t.admin.last_import(moment(last.finished_at))} {last.message}</p>}
        </section>
    );
}
