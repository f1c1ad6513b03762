/* Charts of all pages: one look, drawn by echarts on canvas. hallChart(element, spec) returns {show(spec)}.
   spec: {labels, flowing, series: [{name, sort, values, past, area}], dark}; sort is count, time (seconds) or rate. */
"use strict";
(() => {
  const LIGHT = { ink: "#14213d", soft: "#3d4a66", hair: "#d3dbe9", now: "#0b4aa2", past: "#7485a6" };
  const DARK = { ink: "#f1f5fb", soft: "#b9c6dc", hair: "#2c3d5c", now: "#6fb1ff", past: "#93a4c0" };

  const lasted = seconds => {
    const whole = Math.round(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const two = n => String(n).padStart(2, "0");
    return h ? `${h}小时${two(m)}分${two(s)}秒` : m ? `${m}分${two(s)}秒` : `${s}秒`;
  };
  const axis = { time: v => (v >= 3600 ? `${+(v / 3600).toFixed(1)}小时` : v >= 60 ? `${Math.round(v / 60)}分` : `${v}秒`), rate: v => `${v}%`, count: v => v.toLocaleString("zh-CN") };
  const said = (sort, v) => (v === null || v === undefined ? "—" : sort === "time" ? lasted(v) : sort === "rate" ? `${v.toFixed(2)}%` : v.toLocaleString("zh-CN"));

  const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
  /* Steps that people count in: minutes, quarters, hours. */
  function step(spec) {
    const most = Math.max(0, ...spec.series.flatMap(one => one.values).filter(v => v !== null));
    return STEPS.find(s => most / s <= (spec.ticks || 6)) || 86400;
  }

  function option(spec) {
    const look = spec.dark ? DARK : LIGHT, sort = spec.series[0].sort, size = spec.size || 14, across = spec.flowing, legend = spec.series.length > 1 && !spec.plain;
    const words = { color: look.soft, fontSize: size };
    const names = { type: "category", data: spec.labels, inverse: !across, axisLabel: { ...words, hideOverlap: true, ...(across ? {} : { width: size * 9, overflow: "truncate", interval: 0 }) }, axisLine: { lineStyle: { color: look.hair } }, axisTick: { show: false } };
    const figures = { type: "value", min: 0, minInterval: sort === "count" ? 1 : 0, splitNumber: spec.ticks || 5, ...(sort === "time" ? { interval: step(spec), max: v => Math.max(1, Math.ceil(v.max / step(spec))) * step(spec) } : {}), axisLabel: { ...words, formatter: axis[sort], hideOverlap: true }, splitLine: { lineStyle: { color: look.hair } } };
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { show: legend, top: 0, textStyle: { color: look.ink, fontSize: size }, itemGap: size * 1.5 },
      tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: across ? "line" : "shadow" }, valueFormatter: v => said(sort, v), textStyle: { fontSize: 14 } },
      grid: { left: 8, right: size * 2, top: legend ? size * 2.6 : size, bottom: 8, containLabel: true },
      xAxis: across ? names : figures,
      yAxis: across ? figures : names,
      series: spec.series.map(one => ({
        name: one.name, data: one.values, type: across ? "line" : "bar", barMaxWidth: 26, symbolSize: 7, showSymbol: spec.labels.length < 40, connectNulls: false,
        itemStyle: { color: one.past ? look.past : look.now },
        lineStyle: { width: one.past ? 2 : 3, type: one.past ? "dashed" : "solid" },
        areaStyle: one.area ? { opacity: 0.16 } : undefined,
      })),
    };
  }

  window.hallSaid = said;
  window.hallChart = element => {
    const chart = echarts.init(element, null, { renderer: "canvas" });
    new ResizeObserver(() => chart.resize()).observe(element);
    let shown = null;
    const show = spec => { shown = spec; chart.setOption(option(spec), { notMerge: true }); };
    Promise.all([document.fonts.load("14px Hall", "办"), document.fonts.load("700 14px Hall", "办")]).then(() => shown && show(shown));
    return { show };
  };
})();
