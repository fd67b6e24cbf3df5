// Charts from the figures that stand in the page, and the light that says whether the page is live. Everything else
// works without.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const language = document.documentElement.lang;
  const drawn = new Map();

  const number = new Intl.NumberFormat(language);
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const shown = (spec, value, brief) => {
    if (value === null || value === undefined) return "–";
    if (spec.unit === "percent") return percent.format(value);
    if (spec.unit === "money") {
      const options = { style: "currency", currency: spec.currency, notation: brief ? "compact" : "standard" };
      return new Intl.NumberFormat(language, options).format(value);
    }
    return (brief ? short : number).format(value);
  };

  function option(spec) {
    const ink = colour("ink"), soft = colour("soft"), line = colour("line"), paper = colour("paper");
    const family = getComputedStyle(document.body).fontFamily;
    const category = {
      type: "category", data: spec.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: line } },
      axisLabel: { color: soft, hideOverlap: true }, inverse: spec.lying,
    };
    const value = {
      type: "value", axisLabel: { color: soft, formatter: (one) => shown(spec, one, true) },
      splitLine: { lineStyle: { color: line } }, minInterval: spec.unit === "number" ? 1 : 0,
      max: spec.unit === "percent" && spec.most ? spec.most : undefined, min: spec.least ?? undefined,
    };
    return {
      aria: { enabled: true },
      animation: false,
      textStyle: { fontFamily: family, color: ink },
      grid: { left: 8, right: 16, top: [14, 14, 40, 40][spec.series.length] ?? 60, bottom: 6, containLabel: true },
      legend: spec.series.length > 1 ? { top: 0, left: 0, type: "plain", textStyle: { color: soft }, itemWidth: 14, itemHeight: 10 } : undefined,
      // Drawn, not HTML: the page's policy lets no style through that stands in markup.
      tooltip: {
        trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: spec.kind === "bar" ? "shadow" : "line" },
        backgroundColor: paper, borderColor: line, textStyle: { color: ink, fontSize: 13 },
        valueFormatter: (one) => shown(spec, one, false),
      },
      xAxis: spec.lying ? value : category,
      yAxis: spec.lying ? category : value,
      series: spec.series.map((one, index) => ({
        name: one.name, type: one.kind, data: one.values, stack: spec.stacked ? "all" : undefined,
        color: colour(one.colour || `series-${(index % 6) + 1}`),
        barMaxWidth: spec.lying ? 22 : 44, barGap: "15%", itemStyle: { borderRadius: spec.stacked ? 0 : 3 },
        symbol: spec.labels.length > 40 ? "none" : "circle", symbolSize: 5, lineStyle: { width: 2, type: one.dashed ? "dashed" : "solid" },
        areaStyle: one.kind === "line" && spec.stacked ? { opacity: 0.25 } : undefined, connectNulls: false,
        label: spec.labelled ? { show: true, position: spec.lying ? "right" : "top", color: ink, formatter: (it) => shown(spec, it.value, true) } : undefined,
      })),
    };
  }

  function draw(element) {
    const chart = charts.init(element, null, { renderer: "svg", locale: language === "tr" ? "TR" : "EN" });
    chart.setOption(option(JSON.parse(element.dataset.chart)));
    drawn.set(element, chart);
  }

  function drawAll() {
    for (const [element, chart] of drawn) {
      if (!element.isConnected) { chart.dispose(); drawn.delete(element); }
    }
    document.querySelectorAll("[data-chart]").forEach((one) => drawn.has(one) || draw(one));
  }

  const again = () => { drawn.forEach((chart) => chart.dispose()); drawn.clear(); drawAll(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new ResizeObserver(() => drawn.forEach((chart) => chart.resize())).observe(document.documentElement);
  document.addEventListener("toggle", () => drawn.forEach((chart) => chart.resize()), true);

  function pulse(isOn) {
    const light = document.querySelector(".pulse");
    if (!light) return;
    light.hidden = false;
    light.classList.toggle("off", !isOn);
    const said = isOn ? light.dataset.on : light.dataset.off;
    if (light.textContent !== said) light.textContent = said;
  }
  document.addEventListener("htmx:sseOpen", () => pulse(true));
  document.addEventListener("htmx:sseError", () => pulse(false));
  document.addEventListener("htmx:afterSettle", drawAll);

  // A table that somebody has opened stays open when what is around it is fetched anew.
  const open = new Set();
  document.addEventListener("htmx:beforeSwap", (event) => {
    event.target.querySelectorAll("details[id]").forEach((one) => (one.open ? open.add(one.id) : open.delete(one.id)));
  });
  document.addEventListener("htmx:afterSwap", () => {
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  });

  // Who chooses a day means no period that is named.
  document.querySelectorAll("input[name=from], input[name=to]").forEach((day) => {
    const period = day.form?.elements.period;
    day.addEventListener("change", () => { if (period) period.value = "custom"; });
  });

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.account[open]").forEach((one) => one.contains(event.target) || one.removeAttribute("open"));
  });

  drawAll();
})();
