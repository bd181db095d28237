/** What moves in an HTML report: filters, and keys. Without it everything can still be read. */
export const SCRIPT = String.raw`
(() => {
  const $ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const rule = document.getElementById('rule'), file = document.getElementById('file'), level = document.getElementById('level'), text = document.getElementById('text');
  const shown = document.getElementById('shown');
  const findings = $('details.finding');
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const { dataset } = finding;
      const visible = (!rule.value || dataset.rule === rule.value) && (!file.value || dataset.file === file.value) && (!level.value || dataset.level === level.value)
        && words.every((word) => finding.firstElementChild.textContent.toLowerCase().includes(word));
      finding.hidden = !visible;
      if (visible) count += 1;
    }
    for (const section of $('section.file')) {
      const own = $('details.finding', section);
      section.hidden = own.every((finding) => finding.hidden);
    }
    for (const section of $('section.clean-files')) section.hidden = Boolean(rule.value || file.value || level.value || words.length);
    shown.textContent = count === findings.length ? count + ' findings' : count + ' of ' + findings.length + ' findings';
    const query = new URLSearchParams(Object.entries({ rule: rule.value, file: file.value, level: level.value, text: text.value }).filter(([, value]) => value));
    history.replaceState(null, '', query.size ? '#' + query : location.pathname + location.search);
  };
  for (const page of $('details[data-page]')) {
    page.addEventListener('toggle', () => {
      if (page.open && !page.querySelector('.explanation')) page.append(document.getElementById('page-' + page.dataset.page).content.cloneNode(true));
    });
  }
  const given = new URLSearchParams(location.hash.slice(1));
  for (const control of [rule, file, level, text]) {
    if (given.has(control.id)) control.value = given.get(control.id);
    control.addEventListener('input', apply);
  }
  rule.form.addEventListener('submit', (event) => event.preventDefault());
  document.getElementById('clear').addEventListener('click', () => { for (const control of [rule, file, level, text]) control.value = ''; apply(); rule.focus(); });
  document.getElementById('all').addEventListener('click', () => {
    const open = findings.some((finding) => !finding.hidden && !finding.open);
    for (const finding of findings) if (!finding.hidden) finding.open = open;
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      if (event.key === 'Escape' && event.target.blur) event.target.blur();
      return;
    }
    if (event.key === '/') { event.preventDefault(); text.focus(); return; }
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const heads = findings.filter((finding) => !finding.hidden).map((finding) => finding.firstElementChild);
    const at = heads.indexOf(document.activeElement);
    const next = heads[at === -1 ? (step > 0 ? 0 : heads.length - 1) : Math.min(heads.length - 1, Math.max(0, at + step))];
    if (next) { next.focus(); next.scrollIntoView({ block: 'nearest' }); }
  });
  apply();
})();
`;
