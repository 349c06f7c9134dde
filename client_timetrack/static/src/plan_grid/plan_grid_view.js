import { registry } from "@web/core/registry";

import { timeGridView } from "../time_grid/time_grid_view";
import { PlanGridController } from "./plan_grid_controller";
import { PlanGridModel } from "./plan_grid_model";
import { PlanGridRenderer } from "./plan_grid_renderer";

/** The time grid as the plan uses it: people and projects by weeks. */
export const planGridView = {
    ...timeGridView,
    Controller: PlanGridController,
    Model: PlanGridModel,
    Renderer: PlanGridRenderer,
};

registry.category("views").add("timetrack_plan_grid", planGridView);
