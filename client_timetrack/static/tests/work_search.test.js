import { expect, test } from "@odoo/hoot";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { contains, mountWithCleanup } from "@web/../tests/web_test_helpers";

import { WorkSearch } from "@client_timetrack/work_search/work_search";

defineMailModels();

const MERGER = { values: { project_id: [1, "Merger"], task_id: [2, "Contract"] }, group: [3, "Azure Interior"] };

async function mountSearch(rows) {
    await mountWithCleanup(WorkSearch, {
        props: {
            search: (text) => rows.filter((row) => row.values.project_id[1].includes(text)),
            onChosen: (row) => expect.step(row.values.task_id[1]),
        },
    });
}

test("who has not typed yet is told what to type, who found nothing to type less", async () => {
    await mountSearch([]);
    await contains("input").click();
    expect(".o-autocomplete--dropdown-item").toHaveText("Type a part of a client, project or task.");
    await contains("input").edit("Xyz", { confirm: false });
    await contains(".o-autocomplete--dropdown-item:contains(Try fewer words)").hover();
    expect(".o-autocomplete--dropdown-item").toHaveCount(1);
});

test("what is found is chosen with a click", async () => {
    await mountSearch([MERGER]);
    await contains("input").edit("Mer", { confirm: false });
    await contains(".o-autocomplete--dropdown-item:contains(Contract)").click();
    expect.verifySteps(["Contract"]);
});
