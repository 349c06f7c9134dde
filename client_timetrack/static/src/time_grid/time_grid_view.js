import { registry } from "@web/core/registry";

import { TimeGridArchParser } from "./time_grid_arch_parser";
import { TimeGridController } from "./time_grid_controller";
import { TimeGridModel } from "./time_grid_model";
import { TimeGridRenderer } from "./time_grid_renderer";

/** The view type `timetrack_grid`: rows of work by days, typed in place. */
export const timeGridView = {
    type: "timetrack_grid",
    ArchParser: TimeGridArchParser,
    Controller: TimeGridController,
    Model: TimeGridModel,
    Renderer: TimeGridRenderer,
    searchMenuTypes: ["filter", "favorite"],

    props(genericProps, view) {
        const { arch, relatedModels, resModel } = genericProps;
        return {
            ...genericProps,
            archInfo: new view.ArchParser().parse(arch, relatedModels, resModel),
            Model: view.Model,
            Renderer: view.Renderer,
        };
    },
};

registry.category("views").add("timetrack_grid", timeGridView);
