import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

import { ReasonDialog } from "../approval_board/reason_dialog";

/**
 * Asks for more of a budget where it refuses hours: a dialog that wants to know why, and whoever is responsible decides.
 *
 * @param {() => Object} getModel the model of the time grid
 * @returns {(changes: Object[]) => void} takes the changes that were refused
 */
export function useAskForMore(getModel) {
    const dialog = useService("dialog");
    const notification = useService("notification");
    const ask = async (changes, reason) => {
        const model = getModel();
        const requests = await model.askForMore(changes, reason);
        const lines = requests.map(({ budget, hours, responsible }) => {
            const text = { budget, hours: model.format(hours), responsible };
            return responsible
                ? _t("%(hours)s of “%(budget)s”: %(responsible)s decides", text)
                : _t("%(hours)s of “%(budget)s”", text);
        });
        notification.add(lines.join("\n"), { title: _t("Asked for more: save the hours again once it is approved"), type: "success" });
    };
    return (changes) =>
        dialog.add(ReasonDialog, {
            title: _t("Ask for More"),
            subject: _t("Whoever is responsible for the budget decides; the budget stays what was agreed."),
            label: _t("Why is the budget not enough?"),
            placeholder: _t("e.g. The client asked for a second draft"),
            confirmLabel: _t("Ask"),
            confirm: (reason) => ask(changes, reason),
        });
}
