import { registry } from "@web/core/registry";
import { GraphModel } from "@web/views/graph/graph_model";
import { graphView } from "@web/views/graph/graph_view";

/**
 * A graph that shows the measures of its arch beside each other, such as budget, actual and forecast of each month.
 *
 * That is where there is room for it: not in a pie, not with a second grouping, and not when somebody chose a measure
 * that the arch does not name. Then it is a graph as any other.
 */
export class CompareGraphModel extends GraphModel {
    async _loadDataPoints(metaData) {
        const { groupBy, measure, measures, mode, viewMeasures } = metaData;
        if (mode === "pie" || groupBy.length !== 1 || !viewMeasures.includes(measure)) {
            return super._loadDataPoints(metaData);
        }
        const found = await Promise.all(
            viewMeasures.map((name) => super._loadDataPoints({ ...metaData, measure: name }))
        );
        metaData.allIntegers = false;
        const points = found.flatMap(([some], index) => {
            const name = viewMeasures[index];
            return some.map((point) => ({
                ...point,
                labels: [...point.labels, measures[name].string],
                identifier: `${point.identifier} ${name}`,
            }));
        });
        const currencies = new Set(found.flatMap(([, some]) => [...some]));
        return [points, currencies];
    }
}

registry.category("views").add("timetrack_compare_graph", { ...graphView, Model: CompareGraphModel });
