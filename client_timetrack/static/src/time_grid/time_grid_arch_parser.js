import { visitXML } from "@web/core/utils/xml";

const SCALES = ["day", "week", "month"];

/** Reads `<timetrack_grid>`: which fields make rows, groups, columns and cells. The server has checked the arch. */
export class TimeGridArchParser {
    /**
     * @param {Element} xmlDoc
     * @param {Object} models
     * @param {string} modelName
     */
    parse(xmlDoc, models, modelName) {
        const fields = models[modelName].fields;
        const archInfo = { rows: [], group: false, fields: {}, widget: false };
        visitXML(xmlDoc, (node) => {
            const name = node.getAttribute("name");
            if (node.tagName === "timetrack_grid") {
                archInfo.mode = node.getAttribute("mode") || "own";
                archInfo.scales = node.getAttribute("scales")?.split(",") || SCALES;
                const usual = archInfo.scales.includes("week") ? "week" : archInfo.scales[0];
                archInfo.defaultScale = node.getAttribute("default_scale") || usual;
            } else if (node.tagName === "field") {
                this.addField(archInfo, node, fields[name]);
            }
        });
        return archInfo;
    }

    addField(archInfo, node, field) {
        const name = node.getAttribute("name");
        const role = node.getAttribute("type");
        archInfo.fields[name] = { ...field, string: node.getAttribute("string") || field.string };
        if (role === "row") {
            archInfo.rows.push(name);
        } else {
            archInfo[role] = name;
        }
    }
}
