'use strict';

const { versions } = require('./tools');

function cell(value, digits, suffix = '') {
  return value === undefined ? '' : `${value.toFixed(digits)}${suffix}`;
}

function row({ tool, speed, slowdown, cpu, rss, lost, faults }, unit) {
  const shown = unit === 'faults/s' ? Math.round(speed).toLocaleString('en') : speed.toFixed(3);
  const loss =
    lost === undefined ? '' : `${lost.toLocaleString('en')} of ${faults.toLocaleString('en')}`;
  const cells = [
    `\`${tool}\``,
    shown,
    cell(slowdown, 2),
    cell(cpu === undefined ? undefined : cpu * 1e6, 2),
    cell(rss === undefined ? undefined : rss / (1 << 20), 0, ' MB'),
    loss,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What was measured, where, with which command. */
function captureSection(tables, { repetitions, faults, tools, load }) {
  const only = tools === null ? '' : ` --tools ${tools.join(',')}`;
  const lines = [
    tools === null ? '## All tools, all targets' : '## The closest on the storms, in more turns',
    '',
    `Made by \`npm run bench -- --turns ${repetitions} --faults ${faults}${only}\`: in one run,`,
    `in turns; medians of ${repetitions}, peak memory the largest, losses added up.`,
    '',
    ...versions().map((line) => `- ${line}`),
    `- load average of the machine before the run: ${load.toFixed(2)} (above 0.5 other work takes part)`,
    '',
  ];
  for (const { target, rows } of tables) {
    lines.push(
      `### ${target.title}`,
      '',
      `| tool | ${target.unit} | slowdown | CPU, us per fault | memory | lost |`,
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...rows.map((values) => row(values, target.unit)),
      '',
    );
  }
  return lines.join('\n');
}

module.exports = { captureSection };
