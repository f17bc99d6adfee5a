// Who uses the page, and what they may.

export const hasAccounts = () => false;
