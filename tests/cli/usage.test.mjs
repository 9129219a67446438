// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { kinora, names, new_folder } from './kinora.mjs';

const folder = new_folder();
after(() => fs.rmSync(folder, { recursive: true }));
const at = (name) => path.join(folder, name);
const commands = ['make', 'transcribe', 'say', 'render', 'preview', 'keys', 'open', 'api', 'api-document', 'doctor', 'version'];

test('help lists every command, and each has a page of its own', () => {
    const help = kinora(['--help']);
    assert.equal(help.code, 0);
    for (const command of commands) {
        assert.match(help.out, new RegExp(`^  ${command} `, 'm'));
        const page = kinora([command, '--help']);
        assert.equal(page.code, 0);
        assert.match(page.out, new RegExp(`^kinora ${command}`));
        assert.equal(page.err, '');
    }
});

test('version prints the version', () => {
    for (const args of [['version'], ['--version']])
        assert.match(kinora(args).out, /^kinora \d+\.\d+\.\d+\n$/);
});

test('the description of the API has every call, as a page and as OpenAPI', () => {
    const document = JSON.parse(kinora(['api-document', '--format', 'openapi']).out);
    const calls = Object.entries(document.paths).flatMap(([pattern, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${pattern}`));
    const page = kinora(['api-document']).out;
    assert.ok(calls.length > 50);
    assert.deepEqual(page.match(/^### [A-Z]+ \/.*$/mg).map((line) => line.slice(4)).sort(), calls.sort());
    const anchors = new Set(page.match(/^### \w+$/mg).map((line) => line.slice(4).toLowerCase()));
    assert.deepEqual([...page.matchAll(/\(#(\w*)\)/g)].map((link) => link[1]).filter((name) => !anchors.has(name)), []);
});

test('doctor finds all that is needed', () => {
    const told = kinora(['doctor', '--data', at('data')]);
    assert.match(told.out, /ok +engine .* answers/);
    assert.match(told.out, /ok +transcription +pocketsphinx: hears English/);
    assert.equal(told.code, 0, told.out);
});

test('doctor says how to mend a missing engine', () => {
    const told = kinora(['doctor'], { env: { KINORA_ENGINE: at('nothing') } });
    assert.equal(told.code, 1);
    assert.match(told.out, /FAIL +engine .*nothing.*\n +script\/bootstrap/);
});

const wrong = [
    [[], /Name a command/],
    [['frobnicate'], /There is no command "frobnicate" \(see: kinora --help\)/],
    [['make'], /kinora make needs STORY\.md/],
    [['make', 'a.md', 'b.md'], /"b\.md" is one argument too many/],
    [['make', 'a.md', '--shiny'], /Unknown option "--shiny" \(see: kinora make --help\)/],
    [['make', 'a.md', '-Z'], /Unknown option "-Z"/],
    [['make', 'a.md', '-o'], /--output needs a value/],
    [['make', 'a.md', '--allow-missing=yes'], /takes no value/],
    [['make', 'a.md', '--quality', '99'], /--quality must be one of 480\|720/],
    [['transcribe', 'a.wav', '--format', 'pdf'], /--format must be one of txt\|json\|srt\|vtt\|tsv, not "pdf"/],
    [['transcribe', 'a.wav', '-o', 'a.pdf'], /add --format/],
    [['say', 'Hi'], /needs an output/],
    [['say', '-o', 'a.wav'], /needs a text/],
    [['say', 'Hi', '-o', 'a.wav', '--speed', '3'], /--speed must be a number from 0\.5 to 2, not "3"/],
    [['say', 'Hi', '-o', 'a.wav', '--speed', 'fast'], /--speed must be a number/],
    [['preview', 'a.json', '-o', 'a.bmp'], /must end in \.png or \.jpg/],
    [['doctor', '--workers', 'many'], /workers must be a whole number/],
];
for (const [args, sentence] of wrong)
    test(`wrong usage is told with exit code 2: kinora ${args.join(' ')}`, () => {
        const told = kinora(args, { cwd: folder });
        assert.equal(told.code, 2, told.err);
        assert.match(told.err, sentence);
        assert.equal(told.out, '');
    });

test('bad input is a sentence, exit code 1 and no file', () => {
    fs.writeFileSync(at('empty.md'), '');
    fs.writeFileSync(at('hollow.md'), '---\ntitle: x\n---\n\n');
    fs.writeFileSync(at('lost.md'), '# A\n\n![x](lost.jpg)\n\nHi.\n');
    fs.writeFileSync(at('text.md'), '# A\n\nHi there.\n\n![x](text.md)\n');
    fs.writeFileSync(at('story.md'), '# A\n\nHi there.\n');
    fs.writeFileSync(at('bad.json'), '{"video": ');
    fs.writeFileSync(at('none.json'), '{"video":{},"scenes":[]}');
    fs.writeFileSync(at('wrong.json'), '{"scenes":[{"duration":1,"layers":[{"type":"text","name":"T","properties":{"text":"x","font_size":"big"}}]}]}');
    fs.writeFileSync(at('noise.wav'), 'this is no sound at all, however its name ends');
    fs.mkdirSync(at('sub'));
    fs.mkdirSync(at('taken.mp4'));
    const before = names(folder);
    const cases = [
        [['make', at('absent.md')], /There is no file ".*absent\.md"/],
        [['make', at('sub')], /is a folder, not a file/],
        [['make', at('empty.md')], /Line 1: the story is empty/],
        [['make', at('hollow.md')], /the story is empty/],
        [['make', at('lost.md')], /Layer "Picture: x" of scene 1 uses the picture "lost\.jpg", which cannot be used: There is no file/],
        [['make', at('text.md')], /uses the picture "text\.md", which cannot be used/],
        [['make', at('story.md'), '-o', at('nowhere/a.mp4')], /There is no folder ".*nowhere"; make it first/],
        [['make', at('story.md'), '-o', at('taken.mp4')], /is a folder; name a file in it/],
        [['make', at('story.md'), '-o', '/proc/a.mp4'], /\/proc/],
        [['make', at('story.md'), '--voice', 'flite:nobody'], /flite:nobody/],
        [['render', at('bad.json')], /bad\.json: .*not valid at line 1/],
        [['render', at('none.json')], /no scenes/],
        [['render', at('wrong.json')], /scenes\.0\.layers\.0\.properties\.font_size.*must be a number/],
        [['preview', at('none.json'), '-o', at('p.png')], /no scenes/],
        [['preview', at('story.md'), '--at', '500', '-o', at('p.png')], /500 s lies after the end/],
        [['transcribe', at('absent.wav')], /There is no file/],
        [['transcribe', folder], /is a folder, not a file/],
        [['transcribe', at('noise.wav')], /noise\.wav: /],
        [['transcribe', at('empty.md')], /empty\.md: /],
        [['transcribe', '/dev/null'], /is a device or pipe, not a file/],
        [['say', '  ', '-o', at('a.wav')], /no text to say/],
        [['say', 'Hi', '-o', at('a.wav'), '--voice', 'nobody'], /nobody/],
        [['say', 'Hi', '-o', at('nowhere/a.wav')], /There is no folder/],
    ];
    for (const [args, sentence] of cases) {
        const told = kinora(args, { cwd: folder });
        assert.equal(told.code, 1, `kinora ${args.join(' ')}: ${told.err}`);
        assert.match(told.err, sentence);
        assert.match(told.lines.at(-1), /^kinora: /);
        assert.equal(told.out, '');
    }
    assert.deepEqual(names(folder), before);
});

test('a folder that may not be written to is told before any work', { skip: process.getuid?.() === 0 && !fs.existsSync('/usr/bin/setpriv') }, () => {
    fs.mkdirSync(at('shut'), { mode: 0o555 });
    const told = kinora(['say', 'Hi', '-o', process.getuid() === 0 ? '/proc/self/a.wav' : at('shut/a.wav')]);
    assert.equal(told.code, 1);
    assert.match(told.err, /kinora: .*(cannot be written to|write into)/);
});
