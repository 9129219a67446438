// SPDX-License-Identifier: GPL-3.0-or-later
// packaging/manual.mjs KINORA DIR DATE: writes what the program says of itself into DIR: man/kinora*.1, man/kinora.conf.5 and
// completion/kinora for bash. The pages of --help are the only source, so that nothing is described twice.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [program, folder, date] = process.argv.slice(2);
const ask = (...words) => {
    const { status, stdout, stderr } = spawnSync(program, [...words, '--help'],
        { encoding: 'utf8', env: { PATH: process.env.PATH, KINORA_CONFIG: '/dev/null', ASAN_OPTIONS: 'detect_leaks=0' } });
    if (status !== 0)
        throw new Error(`${program} ${words.join(' ')} --help: ${stderr}`);
    return stdout;
};

// Reading -----------------------------------------------------------------------------------------

const help = ask();
const version = spawnSync(program, ['version'], { encoding: 'utf8' }).stdout.trim().split(' ')[1];
const commands = [...help.matchAll(/^ {2}([a-z-]+) +(.*)$/mg)].map(([, name, summary]) => ({ name, summary, ...read(ask(name)) }));

// A page is: the line of usage, the summary, "Options:", words, "Settings (…):"; all but the first two may be missing.
function read(page) {
    const [front, settings = ''] = page.split(/^Settings .*:\n/m);
    const [usage, , ...rest] = front.split('\n');
    const lines = rest.slice(1);
    const options = [], words = [];
    let among_options = false;
    for (const line of lines) {
        const option = /^ {2}(?:-(.), | {4})--(\S+)(?: (\S+))? +(.*)$/.exec(line);
        if (line === 'Options:')
            among_options = true;
        else if (among_options && option)
            options.push({ letter: option[1], flag: option[2], value: option[3], text: option[4] });
        else
            words.push(line);
    }
    return { usage, options, words: words.join('\n').trim(), settings: [...settings.matchAll(/^ {2}--(\S+) +(\S+) *(?:\[(.*)\])?\n +(.*)$/mg)]
        .map(([, flag, variable, value, text]) => ({ flag, variable, value, text })) };
}

const settings = commands.find(({ name }) => name === 'serve').settings;
if (commands.length < 15 || settings.length < 60)
    throw new Error(`only ${commands.length} commands and ${settings.length} settings were understood`);

// Writing pages (man(7)) --------------------------------------------------------------------------

// A dot or quote that begins a line would be a request.
const escape = (text) => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^([.'])/mg, '\\&$1').replaceAll('…', '...');
const head = (name, section) => `.\\" Made from the program's own help.\n.TH ${name} ${section} "${date}" "Kinora ${version}" "Kinora"\n`;
const option_line = ({ letter, flag, value, text }) =>
    `.TP\n${letter ? `.BR \\-${letter} ", "` : '.BR'} \\-\\-${escape(flag)}${value ? ` " ${escape(value)}"` : ''}\n${escape(text)}\n`;
const verbatim = (text) => (text ? `.PP\n.nf\n${escape(text)}\n.fi\n` : '');

// What the package has for a command.
const files = {
    worker: '.TP\n.I kinora\\-worker.service\nThe unit of the Debian package; not started before\n.B systemctl enable \\-\\-now kinora\\-worker\n'
        + 'asks for it. It runs as the user\n.BR kinora .\n'
        + '.TP\n.I /etc/kinora/worker.env\nIts settings, with those of database, object store and master key; readable by root only. They are stronger than\n'
        + '.IR /etc/kinora/kinora.conf .\n'
        + '.TP\n.I /var/lib/kinora\\-worker\nIts data folder, for what is under way.\n',
};

function page_of({ name, summary, usage, options, words, settings: some }) {
    const [, ...operands] = usage.split(' ').slice(1);
    return head(`KINORA\\-${name.toUpperCase()}`, 1)
        + `.SH NAME\nkinora\\-${escape(name)} \\- ${escape(summary)}\n`
        + `.SH SYNOPSIS\n.B kinora ${escape(name)}\n${escape(operands.join(' '))}\n`
        + (words ? `.SH DESCRIPTION\n${verbatim(words)}` : '')
        + (options.length ? `.SH OPTIONS\n${options.map(option_line).join('')}` : '')
        + (some.length ? '.SH SETTINGS\nEvery setting of\n.BR kinora.conf (5)\nis an option, too.\n' : '')
        + (files[name] ? `.SH FILES\n${files[name]}` : '')
        + '.SH SEE ALSO\n.BR kinora (1),\n.BR kinora.conf (5)\n';
}

const main_page = head('KINORA', 1)
    + '.SH NAME\nkinora \\- recordings become transcripts, scripts become narrated videos\n'
    + '.SH SYNOPSIS\n.B kinora\n.I COMMAND\n[OPTIONS]\n'
    + '.SH COMMANDS\n' + commands.map(({ name, summary }) => `.TP\n.BR kinora\\-${escape(name)} (1)\n${escape(summary)}.\n`).join('')
    + '.SH EXIT STATUS\n0: done; 1: failed; 2: wrong usage; 130: interrupted.\n'
    + '.SH FILES\n.TP\n.I /etc/kinora/kinora.conf\nSettings of this machine, see\n.BR kinora.conf (5).\n'
    + '.TP\n.I /etc/kinora/worker.env\nSettings of\n.IR kinora\\-worker.service ,\nsee\n.BR kinora\\-worker (1).\n'
    + '.TP\n.I /var/lib/kinora\nThe data folder of the service: database, master key, files.\n'
    + '.SH SEE ALSO\n.BR kinora.conf (5)\n';
const settings_page = head('KINORA.CONF', 5)
    + '.SH NAME\nkinora.conf \\- settings of Kinora\n'
    + '.SH DESCRIPTION\nA line is NAME = VALUE; what begins with # is a comment. The file is\n.I kinora.conf\n'
    + 'in the data folder, which only its owner can read, and\n.IR /etc/kinora/kinora.conf ;\n'
    + 'the first is stronger. Environment variables are stronger than files, options of the command line than both.\n'
    + '.B kinora config check\nshows every value and where it comes from.\n.SH SETTINGS\n'
    + settings.map(({ flag, variable, value, text }) => `.TP\n.B ${escape(flag.replaceAll('-', '_'))}\n${escape(text)}.\n`
        + `${value ? `Default: ${escape(value)}. ` : ''}Option \\-\\-${escape(flag)}, variable ${escape(variable)}.\n`).join('')
    + '.SH SEE ALSO\n.BR kinora (1)\n';

// Writing the completion --------------------------------------------------------------------------

const flags = (options) => options.flatMap(({ letter, flag }) => [...(letter ? [`-${letter}`] : []), `--${flag}`]);
const completion = `# bash completion of kinora, made from the program's own help
_kinora()
{
    local word=\${COMP_WORDS[COMP_CWORD]} command= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ \${COMP_WORDS[i]} == -* ]] || { command=\${COMP_WORDS[i]}; break; }
    done
    local options="--help ${settings.map(({ flag }) => `--${flag}`).join(' ')}"
    case $command in
    '') COMPREPLY=($(compgen -W "--version $options ${commands.map(({ name }) => name).join(' ')}" -- "$word")); return ;;
${commands.map(({ name, usage, options }) => {
        const first = /^[a-z|-]+$/.exec((usage.split(' ')[2] ?? '').replace(/^\[(.*)\]$/, '$1'));
        const words = [...(first && usage.split(' ')[2] !== '[OPTIONS]' ? first[0].split('|') : []), ...flags(options)];
        return `    ${name}) options="${words.join(' ')} $options" ;;`;
    }).join('\n')}
    esac
    COMPREPLY=($(compgen -W "$options" -- "$word"))
}
complete -o default -F _kinora kinora
`;

const write = (name, text) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
};
write('man/kinora.1', main_page);
write('man/kinora.conf.5', settings_page);
for (const command of commands)
    write(`man/kinora-${command.name}.1`, page_of(command));
write('completion/kinora', completion);
