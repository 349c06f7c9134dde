import { describe, expect, test } from "@odoo/hoot";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    defineModels,
    fields,
    models,
    mountView,
    preloadBundle,
    toggleMenu,
    toggleMenuItem,
} from "@web/../tests/web_test_helpers";
import { checkDatasets, checkLabels, selectMode } from "@web/../tests/views/graph/graph_test_helpers";

class Budget extends models.Model {
    _name = "timetrack.budget.report";
    month = fields.Date();
    kind = fields.Selection({ selection: [["a", "A"], ["b", "B"]] });
    budgeted = fields.Float({ string: "Budgeted" });
    actual = fields.Float({ string: "Actual" });
    planned = fields.Float({ string: "Planned" });
    _records = [
        { id: 1, month: "2026-10-01", kind: "a", budgeted: 10, actual: 7, planned: 1 },
        { id: 2, month: "2026-10-01", kind: "b", budgeted: 5, actual: 9, planned: 2 },
        { id: 3, month: "2026-11-01", kind: "a", budgeted: 20, actual: 0, planned: 4 },
    ];
}

defineMailModels();
defineModels([Budget]);
preloadBundle("web.assets_backend_lazy");
describe.current.tags("desktop");

const open = (groupBy = []) =>
    mountView({
        type: "graph",
        resModel: "timetrack.budget.report",
        groupBy,
        arch: `
            <graph js_class="timetrack_compare_graph" stacked="0">
                <field name="month" interval="month"/>
                <field name="budgeted" type="measure"/>
                <field name="actual" type="measure"/>
            </graph>`,
    });

test("the measures of the arch stand beside each other", async () => {
    const view = await open();
    checkLabels(view, ["October 2026", "November 2026"]);
    checkDatasets(view, ["label", "data"], [
        { label: "Budgeted", data: [15, 20] },
        { label: "Actual", data: [16, 0] },
    ]);
});

test("another measure is shown by itself", async () => {
    const view = await open();
    await toggleMenu("Measures");
    await toggleMenuItem("Planned");
    checkDatasets(view, ["label", "data"], { label: "Planned", data: [3, 4] });
    await toggleMenuItem("Actual");
    checkDatasets(view, ["label", "data"], [
        { label: "Budgeted", data: [15, 20] },
        { label: "Actual", data: [16, 0] },
    ]);
    await selectMode("line");
    checkDatasets(view, ["label"], [{ label: "Budgeted" }, { label: "Actual" }]);
});

test("with a second grouping there is one measure", async () => {
    const view = await open(["month:month", "kind"]);
    checkDatasets(view, ["label", "data"], [
        { label: "A", data: [7, 0] },
        { label: "B", data: [9, 0] },
    ]);
});
