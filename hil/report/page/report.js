'use strict';
// Draws the report from the JSON in the page: no network, no library. Text goes in as text, never as markup.
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const ORDER = ['fail', 'undetermined', 'pass', 'not_exercised'];
const MARK = {pass: '✓ pass', fail: '✗ fail', undetermined: '? undetermined', not_exercised: '– not exercised'};
const state = {reading: 'strict', run: 0, cell: null, time: 0, playing: false,
               show: {clean: true, map: true, truth: true, belief: true}};

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'onclick') node.addEventListener('click', value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children) node.append(child);
  return node;
}
const clear = (node) => { while (node.firstChild) node.firstChild.remove(); return node; };
const words = (key) => key.replaceAll('_', ' ');
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const seconds = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;

// ---- matrix
function worst(verdicts) {
  for (const word of ORDER) if (verdicts.some((v) => v.verdict === word)) return word;
  return 'not_exercised';
}
const cellOf = (run, category) =>
  run.verdicts.filter((v) => v.reading === state.reading && v.category === category);

function categories() {
  const seen = [];
  for (const run of data.runs) for (const v of run.verdicts) if (!seen.includes(v.category)) seen.push(v.category);
  return seen;
}

function drawHeadline() {
  const box = clear($('headline'));
  for (const word of ORDER) {
    let count = 0;
    for (const run of data.runs) for (const c of categories()) {
      const cell = cellOf(run, c);
      if (cell.length && worst(cell) === word) ++count;
    }
    box.append(el('div', {class: 'count ' + word}, el('b', {}, String(count)), words(word)));
  }
}

// What ended a run before its time stands above everything else, and then what the baseline says.
function drawDeaths() {
  const box = clear($('deaths'));
  for (const run of data.runs) {
    if (run.diagnosis) box.append(el('div', {class: 'death'}, el('b', {}, words(run.consent)), el('pre', {}, run.diagnosis)));
  }
  for (const run of data.runs) {
    for (const line of run.baseline) box.append(el('div', {class: 'baseline'}, el('b', {}, words(run.consent)), ' ', line));
  }
}

// A pass is one of three: it was sent and may be, it was kept on the robot and may be, or neither.
function cellText(word, verdicts) {
  if (!verdicts.length) return '–';
  if (word !== 'pass') return MARK[word];
  const met = verdicts.filter((v) => v.evidence.length);
  if (!met.length) return '✓ not sent';
  return met.some((v) => v.party !== 'device') ? '✓ sent, allowed' : '✓ kept on the robot';
}

function drawReadings() {
  const box = clear($('readings'));
  box.append(el('span', {class: 'soft'}, 'Reading of the policy:'));
  for (const reading of ['strict', 'literal', 'lenient']) {
    box.append(el('button', {'aria-pressed': String(state.reading === reading),
                             onclick: () => { state.reading = reading; drawAll(); }}, reading));
  }
}

function drawMatrix() {
  const table = clear($('matrix'));
  const head = el('tr', {}, el('th', {}, 'Personal data'));
  for (const run of data.runs) head.append(el('th', {title: run.description || ''}, words(run.consent)));
  table.append(head);
  for (const category of categories()) {
    const row = el('tr', {}, el('td', {}, words(category)));
    data.runs.forEach((run, index) => {
      const verdicts = cellOf(run, category);
      const word = worst(verdicts);
      const chosen = state.cell && state.cell.run === index && state.cell.category === category;
      row.append(el('td', {}, el('button', {
        class: 'cell ' + word, 'aria-pressed': String(Boolean(chosen)),
        onclick: () => { state.cell = {run: index, category}; state.run = index; drawAll(); $('evidence-title').scrollIntoView({behavior: 'smooth', block: 'nearest'}); },
      }, cellText(word, verdicts))));
    });
    table.append(row);
  }
}

// ---- evidence
// Cells of a row with gaps between them, marked where `inside` says so; a gap between two marked cells is marked too.
function marked(cells, gap, inside) {
  const pieces = [];
  const add = (text, mark) => {
    const last = pieces[pieces.length - 1];
    if (last && last.mark === mark) last.text += text;
    else if (text) pieces.push({text, mark});
  };
  cells.forEach((cell, i) => {
    if (i) add(gap(i), inside(i - 1) && inside(i));
    add(cell, inside(i));
  });
  return pieces.map(({text, mark}) => mark ? el('mark', {}, text) : text);
}

// Sixteen bytes a row: where they stand in the message, as numbers, as letters; what was found is marked.
function hexDump(finding) {
  const ROW = 16;
  const box = el('div', {class: 'hex mono'});
  const bytes = (finding.excerpt_hex || '').match(/../g) || [];
  const from = finding.match_offset - finding.excerpt_offset, to = Math.min(from + finding.match_length, bytes.length);
  const gap = (i) => i === ROW / 2 ? '  ' : ' ';
  const columns = Array.from({length: ROW}, (_, i) => '+' + i.toString(16));
  box.append(el('span', {class: 'soft'}, '    byte  ', ...marked(columns, gap, () => false), '\n'));
  for (let row = 0; row < bytes.length; row += ROW) {
    const here = bytes.slice(row, row + ROW);
    const inside = (i) => row + i >= from && row + i < to;
    const letters = here.map((byte) => {
      const value = parseInt(byte, 16);
      return value >= 32 && value < 127 ? String.fromCharCode(value) : '·';
    });
    const numbers = here.concat(Array(ROW - here.length).fill('  '));
    box.append(el('span', {class: 'soft'}, String(finding.excerpt_offset + row).padStart(8), '  '), ...marked(numbers, gap, inside), '   ',
               ...marked(letters, () => '', inside), '\n');
  }
  const left = finding.match_offset + finding.match_length - finding.excerpt_offset - bytes.length;
  if (left > 0) box.append(el('span', {class: 'soft'}, `          … and ${left.toLocaleString('en')} more bytes of it`));
  return box;
}

function findingView(finding, verdict) {
  const view = el('div', {class: 'evidence', 'data-verdict': verdict});
  view.append(el('div', {}, el('span', {class: 'tag ' + verdict}, words(verdict)), ' ',
                 el('b', {}, `${words(finding.category)} → ${finding.organisation || words(finding.party)}`),
                 el('span', {class: 'soft'}, ` ${words(finding.party)}${finding.region ? ', ' + finding.region : ''}${finding.host ? ', ' + finding.host : ''}`)));
  if (finding.note) view.append(el('div', {}, finding.note));
  const facts = el('dl', {class: 'facts'});
  const fact = (name, ...value) => facts.append(el('dt', {}, name), el('dd', {}, ...value));
  fact('when', `${seconds(finding.time_s)}${finding.repeats > 1 ? `, and ${finding.repeats - 1} more times alike` : ''}`);
  fact('where', `message ${finding.sequence}, ${words(finding.kind)}${finding.protocol ? ' ' + finding.protocol : ''}${finding.encrypted ? ' under TLS' : ''}, ` +
      `bytes ${finding.match_offset}–${finding.match_offset + finding.match_length - 1}`);
  const chain = finding.decoders.length ? finding.decoders : ['the bytes as they are'];
  fact('decoded by', ...chain.flatMap((step, i) => i ? [' → ', el('code', {}, step)] : [el('code', {}, step)]));
  if (finding.confidence) fact('met as', finding.confidence);
  fact('consents', ...(finding.consents || '').split(',').map((c) => {
    const [name, value] = c.split('=');
    return el('span', {class: 'consent'}, `${name} `, el('b', {}, value || ''));
  }));
  view.append(facts);
  if (finding.excerpt_hex) view.append(hexDump(finding));
  return view;
}

function verdictTable(rows) {
  const table = el('table', {}, el('tr', {}, ...['Verdict', 'Recipient', 'Purpose', 'Consent state', 'Why', 'Clause', 'Basis'].map((t) => el('th', {}, t))));
  for (const v of rows) {
    table.append(el('tr', {},
      el('td', {}, el('span', {class: 'tag ' + v.verdict}, words(v.verdict))), el('td', {}, words(v.party)),
      el('td', {}, v.purpose), el('td', {}, v.phase), el('td', {}, v.reason || ''), el('td', {}, v.clause), el('td', {}, v.basis)));
  }
  return el('div', {class: 'scroll'}, table);
}

function drawEvidence() {
  const box = clear($('evidence'));
  if (!state.cell) {
    $('evidence-title').textContent = 'Evidence';
    box.append(el('p', {class: 'soft'}, 'Choose a cell above.'));
    return;
  }
  const run = data.runs[state.cell.run];
  $('evidence-title').textContent = `Evidence: ${words(state.cell.category)}, ${words(run.consent)}`;
  // They come the worst first; what was not exercised says least, and stays folded away where there is more to see.
  const rows = cellOf(run, state.cell.category);
  const exercised = rows.filter((v) => v.verdict !== 'not_exercised'), idle = rows.filter((v) => v.verdict === 'not_exercised');
  if (exercised.length) box.append(verdictTable(exercised));
  if (idle.length) {
    const fold = el('details', exercised.length ? {} : {open: ''}, el('summary', {class: 'soft'}, `${idle.length} not exercised`));
    fold.append(verdictTable(idle));
    box.append(fold);
  }
  const shown = new Map();  // Each finding with the worst verdict that rests on it.
  for (const v of rows) for (const id of v.evidence) if (!shown.has(id)) shown.set(id, v.verdict);
  const findings = [...shown].map(([id, verdict]) => [run.findings.find((f) => f.id === id), verdict]).filter(([f]) => f);
  for (const [finding, verdict] of findings.slice(0, 20)) box.append(findingView(finding, verdict));
  if (findings.length > 20) box.append(el('p', {class: 'soft'}, `… and ${findings.length - 20} more of the same`));
  if (!findings.length) box.append(el('p', {class: 'soft'}, 'No emission carried it.'));
}

// ---- the home from above
function decode(base64, Type) {
  const raw = atob(base64);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; ++i) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

function fit(canvas, ratio) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.style.height = `${width * ratio}px`;
  canvas.width = width * scale;
  canvas.height = width * ratio * scale;
  return canvas.getContext('2d');
}

function gridPicture(grid, colour) {
  const picture = document.createElement('canvas');
  picture.width = grid.width;
  picture.height = grid.height;
  const context = picture.getContext('2d');
  const image = context.createImageData(grid.width, grid.height);
  for (let row = 0; row < grid.height; ++row) {
    for (let column = 0; column < grid.width; ++column) {
      const rgba = colour(grid.values[row * grid.width + column]);
      if (rgba) image.data.set(rgba, 4 * ((grid.height - 1 - row) * grid.width + column));
    }
  }
  context.putImageData(image, 0, 0);
  return picture;
}

function rgb(name, alpha) {
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = css(name);
  const n = parseInt(probe.fillStyle.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255, alpha];
}

function drawGrid(context, grid, picture, pose) {
  context.save();
  if (pose) { context.translate(pose[0], pose[1]); context.rotate(pose[2]); }
  context.translate(grid.origin[0], grid.origin[1] + grid.height * grid.resolution);
  context.scale(grid.resolution, -grid.resolution);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0);
  context.restore();
}

function indexAt(times, t) {
  let low = 0, high = times.length;
  while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= t) low = middle + 1; else high = middle; }
  return low;
}

function drawPath(context, track, t, colour, width) {
  const end = indexAt(track.t, t);
  context.strokeStyle = css(colour);
  context.lineWidth = width;
  context.beginPath();
  for (let i = 0; i < end; ++i) context.lineTo(track.x[i], track.y[i]);
  context.stroke();
}

function drawPlan(context, plan) {
  context.fillStyle = css('--floor');
  for (const room of plan.rooms) fillPolygon(context, room.polygon);
  context.fillStyle = css('--wall');
  for (const solid of plan.solids) {
    context.globalAlpha = solid.kind === 'furniture' ? 0.45 : 1;
    if (solid.kind === 'dock') { context.globalAlpha = 1; context.fillStyle = css('--dock'); } else context.fillStyle = css('--wall');
    if (solid.radius) { context.beginPath(); context.arc(solid.x, solid.y, solid.radius, 0, 7); context.fill(); } else fillPolygon(context, solid.polygon);
  }
  context.globalAlpha = 1;
}
function fillPolygon(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
  context.fill();
}

function roomNames(context, plan, scale, toScreen) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = css('--soft');
  context.font = `${12 * scale}px system-ui, sans-serif`;
  context.textAlign = 'center';
  for (const room of plan.rooms) {
    const n = room.polygon.length;
    const [x, y] = toScreen(room.polygon.reduce((s, p) => s + p[0], 0) / n, room.polygon.reduce((s, p) => s + p[1], 0) / n);
    context.fillText(words(room.name), x, y);
  }
}

function drawHome() {
  const run = data.runs[state.run];
  if (!run.plan) return;
  const [x0, y0, x1, y1] = run.plan.bounds;
  const margin = 0.25, wide = x1 - x0 + 2 * margin, high = y1 - y0 + 2 * margin;
  const context = fit($('home'), high / wide);
  const k = context.canvas.width / wide;
  const toScreen = (x, y) => [(x - x0 + margin) * k, (y1 + margin - y) * k];
  const world = () => context.setTransform(k, 0, 0, -k, (margin - x0) * k, (y1 + margin) * k);
  world();
  drawPlan(context, run.plan);
  if (state.show.clean && run.coverage) {
    const clean = rgb('--clean', 170);
    drawGrid(context, run.coverage, gridPicture(run.coverage, (s) => (s <= state.time ? clean : null)));
  }
  if (state.show.map && run.map) {
    const wall = rgb('--believed-path', 200);
    drawGrid(context, run.map, gridPicture(run.map, (v) => (v > 50 ? wall : null)), run.map.pose);
  }
  context.lineJoin = 'round';
  if (state.show.truth) drawPath(context, run.truth, state.time, '--true-path', 0.022);
  if (state.show.belief && run.belief) drawPath(context, run.belief, state.time, '--believed-path', 0.016);
  const i = indexAt(run.truth.t, state.time) - 1;
  if (i >= 0) {
    const x = run.truth.x[i], y = run.truth.y[i], yaw = run.truth.yaw[i];
    context.fillStyle = css('--panel');
    context.strokeStyle = css('--true-path');
    context.lineWidth = 0.03;
    context.beginPath(); context.arc(x, y, run.plan.robot_radius, 0, 7); context.fill(); context.stroke();
    context.beginPath(); context.moveTo(x, y); context.lineTo(x + run.plan.robot_radius * Math.cos(yaw), y + run.plan.robot_radius * Math.sin(yaw)); context.stroke();
  }
  roomNames(context, run.plan, window.devicePixelRatio || 1, toScreen);
}

function drawLegend() {
  const box = clear($('legend'));
  const rows = [['truth', '--true-path', 'true path'], ['belief', '--believed-path', 'believed path'],
                ['map', '--believed-path', 'the robot’s map over the true walls'], ['clean', '--clean', 'cleaned floor']];
  for (const [key, colour, text] of rows) {
    const tick = el('input', {type: 'checkbox'});
    tick.checked = state.show[key];
    tick.addEventListener('change', () => { state.show[key] = tick.checked; drawHome(); });
    const swatch = el('span', {class: 'swatch'});
    swatch.style.background = css(colour);
    box.append(el('li', {}, el('label', {}, tick, swatch, text)));
  }
}

// ---- timeline
function drawTimeline() {
  const run = data.runs[state.run];
  const lanes = [...new Set(run.emissions.map((e) => e.party))];
  const scale = window.devicePixelRatio || 1;
  const height = 34 * (lanes.length + 1) + 40;
  const canvas = $('timeline');
  const context = fit(canvas, height / canvas.clientWidth);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const left = 150, right = 12, wide = canvas.clientWidth - left - right;
  const at = (t) => left + (t / run.sim_s) * wide;
  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.fillStyle = css('--soft');
  context.fillText('consents, events', 0, 17);
  const most = Math.max(1, ...run.emissions.map((e) => Math.log1p(e.bytes)));
  lanes.forEach((party, lane) => {
    const y = 34 * (lane + 1) + 17;
    context.fillStyle = css('--ink');
    context.fillText(words(party), 0, y);
    context.fillStyle = css('--line');
    context.fillRect(left, y + 12, wide, 1);
    context.fillStyle = css('--true-path');
    for (const e of run.emissions) {
      if (e.party !== party) continue;
      const tall = 2 + 20 * Math.log1p(e.bytes) / most;
      context.fillRect(at(e.t), y + 12 - tall, 1.5, tall);
    }
  });
  for (const change of run.consents) {
    context.fillStyle = change.state === 'granted' ? css('--pass') : css('--fail');
    context.beginPath(); context.arc(at(change.t), 12, 4, 0, 7); context.fill();
  }
  context.fillStyle = css('--soft');
  for (const event of run.events) context.fillRect(at(event.t), 20, 1, 8);
  const axis = height - 24;
  for (let t = 0; t <= run.sim_s; t += run.sim_s > 400 ? 120 : 30) context.fillText(seconds(t), at(t) - 10, axis + 8);
  context.fillStyle = css('--believed-path');
  context.fillRect(at(Math.min(state.time, run.sim_s)), 0, 1.5, axis);
}

function drawNow() {
  const run = data.runs[state.run];
  const box = clear($('now'));
  box.append(el('h3', {}, 'At this time'));
  const recent = [...run.events, ...run.consents.map((c) => ({t: c.t, source: 'consent', name: `${c.consent} ${c.state}`, detail: ''}))]
      .filter((e) => e.t <= state.time).sort((a, b) => a.t - b.t).slice(-9);
  for (const e of recent) box.append(el('div', {class: 'mono'}, `${seconds(e.t)} ${e.source}: ${words(e.name)}${e.detail ? ' ' + e.detail.slice(0, 40) : ''}`));
}

function setTime(t) {
  state.time = t;
  $('time').value = String(t);
  $('clock').textContent = seconds(t);
  drawHome();
  drawTimeline();
  drawNow();
}

function play() {
  state.playing = !state.playing;
  $('play').textContent = state.playing ? 'Pause' : 'Play';
  if (state.playing && state.time >= data.runs[state.run].sim_s) state.time = 0;
  const tick = () => {
    if (!state.playing) return;
    const end = data.runs[state.run].sim_s;
    setTime(Math.min(end, state.time + end / 600));
    if (state.time >= end) play(); else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

// ---- tables
function drawTabs() {
  const box = clear($('tabs'));
  data.runs.forEach((run, index) => box.append(el('button', {
    'aria-pressed': String(index === state.run), onclick: () => { state.run = index; drawAll(); }}, words(run.consent))));
}

function drawNumbers() {
  const run = data.runs[state.run];
  const box = clear($('numbers'));
  for (const n of run.numbers) box.append(el('div', {class: 'number'}, el('b', {}, n.value), el('span', {}, n.label)));
}

// Whether tasks were done in time: an answer only where computing takes any.
function drawDeadlines() {
  const run = data.runs[state.run];
  $('compute').textContent = `compute: ${run.compute}` + ({zero: ' — the firmware computes in no time', real: ' — as long as the board takes'}[run.compute] || '');
  const box = clear($('deadlines'));
  if (!run.deadlines.length) return;
  const table = el('table', {}, el('tr', {}, ...['Task', 'Deadline', 'Worst', 'Missed'].map((t) => el('th', {}, t))));
  const ms = (s) => `${Number((1000 * s).toPrecision(4)).toLocaleString('en')} ms`;
  for (const d of run.deadlines) {
    const missed = `${d.missed.toLocaleString('en')} of ${d.activations.toLocaleString('en')} activations`;
    table.append(el('tr', {}, el('td', {}, d.task), el('td', {}, ms(d.within_s)), el('td', {}, ms(d.worst_s)),
                    el('td', {}, d.missed ? el('span', {class: 'tag fail'}, missed) : missed)));
  }
  box.append(table);
}

// A style attribute would be refused by the page's own policy.
function bar(share) {
  const node = el('i');
  node.style.height = `${share > 0 ? Math.max(1, Math.round(36 * share)) : 0}px`;
  return node;
}

// How a run in real time kept up with the clock: a row of bars for each thing that was timed.
function drawRealTime() {
  const run = data.runs[state.run];
  const box = clear($('realtime'));
  const r = run.real_time;
  if (!r) return;
  const ms = (x) => `${Number(x.toPrecision(3)).toLocaleString('en')} ms`;
  box.append(el('h3', {}, 'Real time'), el('p', {class: 'soft'}, `Statistical, not bit-exact. ${r.late_events.toLocaleString('en')} of ` +
    `${r.events.toLocaleString('en')} events came more than 1 ms late, the worst by ${ms(r.worst_late_ms)}` +
    (r.drift_ppm === null ? '.' : `; the board's clock drifts by ${r.drift_ppm.toFixed(0)} ppm.`)));
  const edges = r.bin_edges_ms;
  const bin = (i) => i < edges.length ? `${edges[i]}` : 'more';
  const table = el('table', {class: 'latency'}, el('tr', {}, ...['Milliseconds, up to', ...r.latencies[0].bins.map((_, i) => bin(i)),
    'Count', 'Median', '99 %', 'Worst', 'Jitter'].map((t) => el('th', {}, t))));
  for (const l of r.latencies) {
    const most = Math.max(1, ...l.bins);
    table.append(el('tr', {}, el('td', {}, l.what), ...l.bins.map((n) => el('td', {class: 'bin', title: `${n}`},
      bar(n / most))), el('td', {}, l.count.toLocaleString('en')),
      el('td', {}, ms(l.p50_ms)), el('td', {}, ms(l.p99_ms)), el('td', {}, ms(l.worst_ms)), el('td', {}, ms(l.jitter_ms))));
  }
  box.append(table);
}

function drawUsefulness() {
  const table = clear($('usefulness'));
  table.append(el('tr', {}, el('th', {}, 'What the user wanted'), ...data.runs.map((r) => el('th', {}, words(r.consent)))));
  const keys = [];
  for (const run of data.runs) for (const u of run.usefulness) if (!keys.some((k) => k.key === u.key)) keys.push(u);
  for (const {key, text} of keys) {
    const row = el('tr', {}, el('td', {}, text));
    for (const run of data.runs) {
      const u = run.usefulness.find((x) => x.key === key);
      row.append(el('td', {}, u ? el('span', {class: 'tag ' + u.verdict, title: u.detail || ''}, words(u.verdict)) : '–', u && u.detail ? ' ' + u.detail : ''));
    }
    table.append(row);
  }
}

function drawBytes() {
  const run = data.runs[state.run];
  const table = clear($('bytes'));
  table.append(el('tr', {}, ...['Party', 'Organisation', 'Region', 'Bytes out', 'Bytes in', 'Unexplained'].map((t) => el('th', {}, t))));
  for (const b of run.bytes) {
    table.append(el('tr', {}, el('td', {}, words(b.party)), el('td', {}, b.organisation), el('td', {}, b.region),
                    ...[b.bytes_out, b.bytes_in, b.bytes_unexplained].map((n) => el('td', {}, n.toLocaleString('en')))));
  }
}

function prepare() {
  for (const run of data.runs) {
    if (run.coverage) run.coverage.values = decode(run.coverage.first_s, Uint16Array);
    if (run.map) run.map.values = decode(run.map.cells, Int8Array);
  }
}

function drawAll() {
  const run = data.runs[state.run];
  drawHeadline(); drawDeaths(); drawReadings(); drawMatrix(); drawEvidence(); drawTabs(); drawNumbers(); drawDeadlines(); drawRealTime(); drawUsefulness(); drawBytes(); drawLegend();
  $('time').max = String(Math.ceil(run.sim_s));
  setTime(Math.min(state.time, run.sim_s));
}

prepare();
$('title').textContent = data.title;
$('subtitle').textContent = data.subtitle;
$('footer').textContent = data.footer;
$('time').addEventListener('input', (e) => setTime(Number(e.target.value)));
$('play').addEventListener('click', play);
window.addEventListener('resize', () => setTime(state.time));
state.time = data.runs.length ? data.runs[0].sim_s : 0;
outer: for (const category of categories()) {
  for (let i = 0; i < data.runs.length; ++i) {
    if (worst(cellOf(data.runs[i], category)) === 'fail') { state.cell = {run: i, category}; state.run = i; break outer; }
  }
}
if (data.runs.length) drawAll();
