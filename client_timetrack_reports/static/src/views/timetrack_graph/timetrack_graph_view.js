import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";

/**
 * Leaves a gap where a ratio has no denominator, instead of a point at zero.
 */
export class TimetrackGraphModel extends graphView.Model {
    async _loadDataPoints(metaData) {
        const [dataPoints, ...rest] = await super._loadDataPoints(metaData);
        for (const dataPoint of dataPoints) {
            if (dataPoint.value === false) {
                dataPoint.value = null;
            }
        }
        return [dataPoints, ...rest];
    }
}

registry.category("views").add("timetrack_graph", {
    ...graphView,
    Model: TimetrackGraphModel,
});
