import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";

/**
 * Leaves out what a line has no week for: history ends where the forecast starts, instead of falling to zero.
 */
export class TimetrackForecastGraphModel extends graphView.Model {
    _getData(...args) {
        const data = super._getData(...args);
        if (this.metaData.mode === "line") {
            for (const dataset of data.datasets) {
                dataset.data = dataset.data.map((value, place) =>
                    dataset.domains[place].length ? value : null
                );
            }
        }
        return data;
    }
}

registry.category("views").add("timetrack_forecast_graph", {
    ...graphView,
    Model: TimetrackForecastGraphModel,
});
