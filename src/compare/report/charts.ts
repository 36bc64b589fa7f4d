/** Charts as pictures in the page: drawn once, by the library, with colours that the page's style decides. */
import { BarChart, CustomChart, GraphChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { RiskCurve } from '../compare.ts';
import type { ProtocolName } from '../protocol.ts';
import type { Run } from '../repeat.ts';
import { CUT_MS, HEAL_MS } from '../scenario.ts';
import { TITLES } from './facts.ts';
import { duration, percent } from './words.ts';

use([
  BarChart,
  CustomChart,
  GraphChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  TitleComponent,
  SVGRenderer,
]);

const WIDTH = 860;
const INK = 'var(--ink)';
const FAINT = 'var(--faint)';
const COLOURS: Readonly<Record<ProtocolName, string>> = {
  pbft: 'var(--pbft)',
  'pbft-stake': 'var(--stake)',
  pow: 'var(--pow)',
  raft: 'var(--raft)',
};
/** Lines are told apart without colours, too. */
const DASHES: Readonly<Record<ProtocolName, readonly number[] | 'solid'>> = {
  pbft: 'solid',
  'pbft-stake': [2, 3],
  pow: [8, 4],
  raft: [12, 3, 2, 3],
};

function drawn(height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({ animation: false, textStyle: { fontFamily: 'sans-serif', color: INK }, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replace('<svg ', '<svg role="img" ').replace(/ width="\d+" height="\d+"/, '');
}

const axis = (name: string, more: object = {}): object => ({
  name,
  nameLocation: 'middle',
  nameGap: 34,
  nameTextStyle: { color: INK, fontSize: 13 },
  axisLine: { show: true, lineStyle: { color: FAINT } },
  axisTick: { lineStyle: { color: FAINT } },
  axisLabel: { color: INK, fontSize: 12 },
  splitLine: { show: true, lineStyle: { color: FAINT, opacity: 0.35 } },
  ...more,
});

const legend = (data: readonly string[]): object => ({
  data,
  top: 0,
  itemWidth: 36,
  // Letters are not measured here, only reckoned with.
  itemGap: 22,
  textStyle: { color: INK, fontSize: 13, width: 104 },
});

const line = (protocol: ProtocolName, more: object): object => ({
  name: TITLES[protocol],
  type: 'line',
  symbol: 'none',
  color: COLOURS[protocol],
  lineStyle: { width: 2.5, type: DASHES[protocol], color: COLOURS[protocol] },
  ...more,
});

/** How large a part of all transactions was final after how long. */
export function finalityChart(runs: readonly Run[]): string {
  const series = runs.map(({ protocol, finalityQuantilesMs }) =>
    line(protocol, {
      data: finalityQuantilesMs.map((ms, at) => [Math.max(1, ms), (at / (finalityQuantilesMs.length - 1)) * 100]),
    }),
  );
  return drawn(360, {
    legend: legend(runs.map(({ protocol }) => TITLES[protocol])),
    grid: { left: 64, right: 24, top: 40, bottom: 52 },
    xAxis: axis('after so long', {
      type: 'log',
      min: 1,
      axisLabel: { color: INK, formatter: (ms: number) => duration(ms) },
    }),
    yAxis: axis('final, of 100 transactions', { type: 'value', min: 0, max: 100 }),
    series,
  });
}

/** What a node of one side, and one of the other, showed as final while the network was cut. */
export function partitionChart(runs: readonly Run[]): string {
  const shown = runs.filter(({ protocol }) => protocol !== 'pbft-stake');
  const series = shown.flatMap(({ protocol, timeline }) =>
    timeline.final
      .filter(({ node }) => node === 0 || node === 3)
      .map(({ node, counts }) =>
        line(protocol, {
          name: TITLES[protocol],
          step: 'end',
          lineStyle: {
            width: node === 0 ? 2.5 : 1.5,
            type: DASHES[protocol],
            color: COLOURS[protocol],
            opacity: node === 0 ? 1 : 0.75,
          },
          data: counts.map((each, at) => [((at + 1) * timeline.everyMs) / 1000, each]),
          ...(protocol === 'pbft' && node === 0 ? { markArea: cutArea() } : {}),
        }),
      ),
  );
  return drawn(380, {
    legend: legend(shown.map(({ protocol }) => TITLES[protocol])),
    grid: { left: 64, right: 24, top: 40, bottom: 52 },
    xAxis: axis('seconds', { type: 'value', min: 0, max: 600 }),
    yAxis: axis('transactions shown as final', { type: 'value', nameGap: 44 }),
    series,
  });
}

const cutArea = (): object => ({
  silent: true,
  itemStyle: { color: 'var(--cut)', opacity: 0.5 },
  label: { color: INK, position: 'insideTop' },
  data: [[{ name: 'cut', xAxis: CUT_MS / 1000 }, { xAxis: HEAL_MS / 1000 }]],
});

/** Blocks around a fork: one column for each height, the branch that won and the one that was thrown away. */
export function treeChart(blocks: NonNullable<Run['blocks']>): string {
  const forked = blocks.filter(({ best }) => !best).map(({ height }) => height);
  const [from, to] = [Math.min(...forked) - 3, Math.max(...forked) + 3];
  const shown = blocks.filter(({ height }) => height >= from && height <= to);
  const nodes = shown.map(({ id, height, miner, best }) => ({
    id,
    name: String(miner),
    x: (height - from) * 40,
    y: best ? 0 : 70,
    symbol: 'roundRect',
    symbolSize: 24,
    label: { show: true, color: best ? 'var(--paper)' : INK, fontSize: 12 },
    itemStyle: {
      color: best ? COLOURS.pow : 'var(--paper)',
      borderColor: COLOURS.pow,
      borderWidth: 2,
      borderType: best ? 'solid' : 'dashed',
    },
  }));
  const ids = new Set(shown.map(({ id }) => id));
  const links = shown.filter(({ parent }) => ids.has(parent)).map(({ id, parent }) => ({ source: parent, target: id }));
  return drawn(190, {
    series: [
      {
        type: 'graph',
        layout: 'none',
        left: 30,
        right: 30,
        top: 40,
        bottom: 40,
        data: nodes,
        links,
        lineStyle: { color: FAINT, width: 2, opacity: 1 },
        silent: true,
      },
    ],
  });
}

/** What is less is drawn as this. */
const RISK_FLOOR = 1e-4;

const points = (values: readonly number[]): (readonly number[])[] =>
  values.map((value, index) => [index + 1, Math.max(RISK_FLOOR, value)]);

/** By confirmations: what the closed forms say, and what was counted. */
export function riskChart(curves: readonly RiskCurve[]): string {
  const shades = ['var(--stake)', 'var(--pow)', 'var(--raft)'];
  const series = curves.flatMap(({ share, nakamoto, exact, measured }, at) => {
    const color = shades[at % shades.length];
    return [
      {
        name: `exact, share ${share}`,
        type: 'line',
        symbol: 'none',
        color,
        lineStyle: { width: 2.5, color },
        data: points(exact),
      },
      {
        name: `Nakamoto, share ${share}`,
        type: 'line',
        symbol: 'none',
        color,
        lineStyle: { width: 1.5, type: [4, 4], color },
        data: points(nakamoto),
      },
      {
        name: `counted, share ${share}`,
        type: 'scatter',
        symbolSize: 8,
        color,
        itemStyle: { color: 'var(--paper)', borderColor: color, borderWidth: 2 },
        data: points(measured.map(({ estimate }) => estimate)),
      },
    ];
  });
  return drawn(420, {
    legend: { ...legend(series.map(({ name }) => name)), textStyle: { color: INK, fontSize: 13, width: 150 } },
    grid: { left: 76, right: 24, top: 92, bottom: 52 },
    xAxis: axis('confirmations', { type: 'value', min: 1, max: 10 }),
    yAxis: axis('chance that it is taken back', {
      type: 'log',
      min: RISK_FLOOR,
      max: 1,
      nameGap: 58,
      axisLabel: { color: INK, formatter: percent },
    }),
    series,
  });
}
