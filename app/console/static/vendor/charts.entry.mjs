// What the console draws with, of Apache ECharts: see README.md beside this file.
import { init, registerLocale, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import turkish from "echarts/i18n/langTR-obj.js";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
registerLocale("TR", turkish);

export { init };
